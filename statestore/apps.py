from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class StateStoreConfig(AppConfig):
    name = "statestore"
    verbose_name = _("Scoped state")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from statestore.api.arriving import keep_paths
        from statestore.api.checks import register_checks as register_api_checks
        from statestore.checks import register_checks
        from statestore.observe.checks import register_checks as register_observe_checks

        register_checks()
        register_api_checks()
        register_observe_checks()
        keep_paths()
