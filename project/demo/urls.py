"""Where the pages are."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from project.demo.views import account, booking, flows, home

urlpatterns = [
    path("", home.home, name="home"),
    path("like/", home.like, name="like"),
    path("theme/", home.choose_theme, name="theme"),
    path("sign-in/", account.SignIn.as_view(), name="login"),
    path("sign-out/", LogoutView.as_view(), name="logout"),
    path("booking/", booking.Step.as_view(), name="booking-start"),
    path("booking/review/", booking.review, name="booking-review"),
    path("booking/confirm/", booking.confirm, name="booking-confirm"),
    path("booking/<slug:step>/", booking.Step.as_view(), name="booking"),
    path("flows/", flows.index, name="flows"),
    path("flows/<int:pk>/", flows.detail, name="flow"),
    path("flows/<int:pk>/remove/", flows.remove, name="flow-remove"),
    path("flows/nodes/<int:pk>/send/", flows.send, name="node-send"),
]
