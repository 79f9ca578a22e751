from django.urls import URLPattern, path, re_path

from demo import views

urlpatterns: list[URLPattern] = [
    path("", views.show_tour, name="demo_tour"),
    path("aller", views.go, name="demo_go"),
    re_path(r"^messages/?$", views.messages, name="demo_messages"),
    path("messages/<str:name>/corps", views.mail_body, name="demo_mail_body"),
    path("messages/<str:name>/reponse", views.answer, name="demo_answer"),
    path("messages/<str:name>/rendez-vous.ics", views.mail_event, name="demo_mail_event"),
    path("courriers/<int:message_id>.pdf", views.letter, name="demo_letter"),
]
