"""The API as the demo site has it: how one signs in, and what its document says."""

import pytest
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from project import settings as site

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not site.HAS_API, reason="the API is not installed"),
]


@pytest.mark.parametrize(
    ("sent", "challenge"), [({}, 'Basic realm="api"'), ({"Sec-Fetch-Dest": "empty"}, "Session")]
)
def test_no_browser_asks_for_a_password_by_itself_when_a_script_is_a_stranger(client, sent, challenge):
    reply = client.get("/api/stores/default/scopes/user:1/values/note/", headers=sent)
    assert (reply.status_code, reply["WWW-Authenticate"]) == (401, challenge)


def test_the_document_names_both_ways_to_sign_in_without_a_warning():
    GENERATOR_STATS.reset()
    document = SchemaGenerator(urlconf="project.urls").get_schema(public=True)
    assert not GENERATOR_STATS
    assert sorted(document["components"]["securitySchemes"]) == ["basicAuth", "cookieAuth"]
    assert document["paths"]["/api/stores/"]["get"]["security"] == [{"cookieAuth": []}, {"basicAuth": []}]
