"""The pages, as visitors see them."""

import re

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import AsyncClient, Client

from project import settings as site
from project.demo.models import Flow, Node
from statestore import StoreUnavailable, stores

pytestmark = pytest.mark.django_db

INLINE_OR_FOREIGN = re.compile(r'<style|\sstyle="|\son\w+="|<script(?![^>]*\ssrc=)|(src|href)="(https?:)?//')
PAGES = ["/", "/booking/", "/flows/", "/sign-in/", "/admin/login/"]


@pytest.fixture
def ada():
    return User.objects.create_user("ada", password="lovelace")


@pytest.fixture
def flow(garden):
    call_command("load_flows", garden, verbosity=0)
    return Flow.objects.get()


def text(response):
    return response.content.decode()


def visits(client):
    return int(re.search(r'class="figure">(\d+)', text(client.get("/")))[1])


def theme(client):
    return re.search(r'data-theme="(\w+)"', text(client.get("/")))[1]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_itself_and_holds_no_script_or_style_of_its_own(client, page):
    response = client.get(page)
    assert response.status_code == 200
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert not INLINE_OR_FOREIGN.search(text(response))


def test_every_visitor_is_counted_alone():
    one, other = Client(), Client()
    assert [visits(one), visits(one), visits(other)] == [1, 2, 1]


def test_all_visitors_share_one_counter(client):
    assert client.post("/like/").url == "/"
    assert Client().post("/like/").url == "/"
    assert stores["default"].get("global", "likes") == 2


@pytest.mark.django_db(transaction=True)
def test_the_shared_counter_counts_in_an_event_loop():
    assert async_to_sync(AsyncClient().post)("/like/").status_code == 302
    assert stores["default"].get("global", "likes") == 1


def test_counting_takes_a_post(client):
    assert client.get("/like/").status_code == 405


def test_a_forged_post_is_refused():
    assert Client(enforce_csrf_checks=True).post("/like/").status_code == 403


def test_a_tenant_has_a_greeting_of_its_own(client):
    stores["default"].set("global", "greeting", "Hello <all>")
    stores["default"].set("tenant:acme", "greeting", "Hello Acme")
    assert "<h1>Hello &lt;all&gt;</h1>" in text(client.get("/", headers={"host": "localhost"}))
    assert "<h1>Hello Acme</h1>" in text(client.get("/", headers={"host": "acme.localhost:8000"}))


def test_a_strangers_theme_lasts_for_the_visit(client):
    client.post("/theme/", {"theme": "dark"})
    assert (theme(client), theme(Client())) == ("dark", "auto")


def test_a_theme_chosen_when_signed_in_stays_with_the_account(ada):
    here, elsewhere = Client(), Client()
    here.force_login(ada)
    here.post("/theme/", {"theme": "dark"})
    elsewhere.force_login(ada)
    assert theme(elsewhere) == "dark"
    assert stores["default"].get(f"user:{ada.pk}", "theme") == "dark"


def test_a_theme_that_is_none_is_not_kept(client):
    client.post("/theme/", {"theme": "purple"})
    assert theme(client) == "auto"


@pytest.mark.parametrize(("back", "there"), [("/flows/?a=1", "/flows/?a=1"), ("//evil.example/", "/"), ("", "/")])
def test_after_choosing_a_theme_a_visitor_stays_on_this_site(client, back, there):
    assert client.post("/theme/", {"theme": "dark", "next": back}).url == there


TABLE = {"day": "2030-05-04", "guests": "4"}
FOOD = {"menu": "sea", "wishes": "No <nuts>"}
GUEST = {"name": "Ada", "email": "ada@example.org"}


def book(client):
    client.post("/booking/table/", TABLE)
    client.post("/booking/food/", FOOD)
    return client.post("/booking/guest/", GUEST)


def drafts():
    visits = stores["default"].scopes("session:")
    return [visit.name for visit in visits if "booking" in stores["default"].keys(visit.name)]


def test_a_booking_goes_through_its_steps_and_leaves_no_draft_behind(client):
    assert client.post("/booking/", TABLE).url == "/booking/food/"
    assert client.post("/booking/food/", FOOD).url == "/booking/guest/"
    assert client.post("/booking/guest/", GUEST).url == "/booking/review/"
    shown = text(client.get("/booking/review/"))
    assert all(words in shown for words in ("2030-05-04", "From the sea", "No &lt;nuts&gt;", "ada@example.org"))
    assert len(drafts()) == 1
    assert client.post("/booking/confirm/").url == "/"
    assert not drafts()
    assert "Your table is booked. It is booking number 1." in text(client.get("/"))


def test_a_second_click_books_nothing(client):
    book(client)
    client.post("/booking/confirm/")
    assert client.post("/booking/confirm/").url == "/booking/table/"
    assert stores["default"].get("global", "bookings") == 1


def test_a_step_that_is_wrong_stays_and_shows_what_was_typed(client):
    shown = text(client.post("/booking/table/", {"day": "2030-05-04", "guests": "99"}))
    assert 'value="99"' in shown
    assert "less than or equal to 12" in shown


def test_going_back_keeps_what_was_typed_right_or_wrong(client):
    client.post("/booking/table/", TABLE)
    assert client.post("/booking/food/", {"wishes": "half a sent", "back": "1"}).url == "/booking/table/"
    assert 'value="4"' in text(client.get("/booking/table/"))
    assert "half a sent" in text(client.get("/booking/food/"))


def test_a_draft_survives_signing_in(client, ada):
    client.post("/booking/table/", TABLE)
    assert client.post("/sign-in/", {"username": "ada", "password": "lovelace"}).url == "/"
    assert 'value="4"' in text(client.get("/booking/table/"))


def test_nothing_is_booked_before_every_step_is_right(client):
    client.post("/booking/table/", TABLE)
    assert client.get("/booking/review/").url == "/booking/food/"
    assert client.post("/booking/confirm/").url == "/booking/food/"
    assert stores["default"].get("global", "bookings") is None


def test_a_step_that_does_not_exist_is_not_found(client):
    assert client.get("/booking/dessert/").status_code == 404


def test_looking_at_a_booking_starts_no_session(client):
    client.get("/booking/")
    client.get("/booking/review/")
    assert "sessionid" not in client.cookies


def test_the_flows_are_listed_with_their_state(client, flow):
    shown = text(client.get("/flows/"))
    assert all(words in shown for words in ("Garden", "<code>f1</code>", "<code>broker</code>"))


def test_a_flow_shows_the_state_of_its_nodes(client, flow):
    shown = text(client.get(f"/flows/{flow.pk}/"))
    assert all(words in shown for words in ("tick", "switch", "<code>a1b2.c3d4:f1</code>", "3 nodes"))


def test_a_message_is_counted_by_every_node_it_reaches_once(client, flow):
    node = Node.objects.get(scope="b:f1")
    assert client.post(f"/flows/nodes/{node.pk}/send/").url == f"/flows/{flow.pk}/"
    scopes = ["f1", "a1b2.c3d4:f1", "b:f1", "c:f1"]
    assert [stores["flows"].get(scope, "messages") for scope in scopes] == [1, 1, 1, 1]
    assert "passed through 3 nodes" in text(client.get("/flows/"))


def test_removing_a_flow_takes_signing_in(client, flow):
    assert client.post(f"/flows/{flow.pk}/remove/").url.startswith("/sign-in/")
    assert Flow.objects.exists()


def test_a_flow_is_removed_after_a_question_and_its_state_waits_for_the_clean(client, ada, flow):
    before = [info.name for info in stores["flows"].scopes()]
    client.force_login(ada)
    assert "Remove this flow?" in text(client.get(f"/flows/{flow.pk}/remove/"))
    assert client.post(f"/flows/{flow.pk}/remove/").url == "/flows/"
    assert [node.scope for node in Node.objects.all()] == ["broker"]
    assert [info.name for info in stores["flows"].scopes()] == before
    assert "<code>f1</code>" not in text(client.get("/flows/"))


def test_a_flow_whose_state_is_gone_is_still_shown(client, flow):
    for info in list(stores["flows"].scopes()):
        stores["flows"].delete(info.name)
    assert client.get("/flows/").status_code == 200
    assert client.get(f"/flows/{flow.pk}/").status_code == 200


@pytest.mark.parametrize("page", ["/", "/booking/", "/flows/", "/sign-in/"])
def test_a_store_that_is_unwell_is_a_503_with_a_page(client, monkeypatch, page):
    def unwell(*arguments):
        raise StoreUnavailable("The store 'default' is unavailable.")

    monkeypatch.setattr(stores["default"], "_ask", unwell)
    monkeypatch.setattr(stores["default"], "_tell", unwell)
    response = client.get(page)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert "The store &#x27;default&#x27; is unavailable." in text(response)


api = pytest.mark.skipif(not site.HAS_API, reason="the API is not installed")


@api
def test_the_apis_page_is_served_from_here_with_no_style_of_its_own(client):
    shown = text(client.get("/api/docs/"))
    assert "swagger-ui" in shown
    assert not INLINE_OR_FOREIGN.search(shown)


@api
def test_a_visitor_reaches_their_own_state_by_the_api_and_no_more(client, ada):
    stores["default"].set(f"user:{ada.pk}", "theme", "dark")
    stores["default"].set("user:0", "theme", "dark")
    client.force_login(ada)
    assert client.get(f"/api/stores/default/scopes/user:{ada.pk}/values/theme/").json() == "dark"
    assert client.get("/api/stores/default/scopes/user:0/values/theme/").status_code == 403
    assert client.get("/api/stores/default/scopes/global/").status_code == 403


@api
def test_staff_reach_all_state_by_the_api(admin_client):
    stores["default"].set("global", "likes", 3)
    assert admin_client.get("/api/stores/default/scopes/global/values/likes/").json() == 3
