from drf_spectacular.openapi import AutoSchema


class StateSchema(AutoSchema):
    pass
