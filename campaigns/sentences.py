"""Why somebody was left out of a campaign, and why a campaign holds or stopped: what happened, and what to do next."""

from django.utils.translation import gettext_lazy as _

from messaging.sentences import OUR_FAULT, Sentence

LEFT_OUT = {
    "invalid": Sentence(_("Invalid number"), "", _("Correct the file")),
    "duplicate": Sentence(_("Duplicate number"), "", _("The first row was kept")),
    "sent_lately": Sentence(
        _("Got the same content lately."),
        _("You got the same message lately, so it was not sent again."),
        "",
        _("Got the same template lately"),
    ),
    "operator": Sentence(
        _("Not one of the chosen operators."),
        _("This campaign was not for your operator."),
        "",
        _("Not of the chosen operators"),
    ),
    "bad_variables": Sentence(
        _("A variable is missing or too long."),
        OUR_FAULT,
        _("Complete the column in the recipients' file."),
        _("Variable missing or too long"),
    ),
}

# Why a campaign holds, stopped or came back.
NOTES = {
    "window": _("Outside the send window; it goes on when the window opens."),
    "account": _("The vendor account does not send now."),
    "sending_stopped": _("All sending is stopped; it goes on when somebody resumes."),
    "before_start": _("Paused before its start: it starts only after somebody resumes."),
    "sent_back": _("A colleague sent it back; the reason stands below."),
    "restored": _(
        "The database was restored before this was laid out: it may have been sent already. Check it and confirm again."
    ),
    "more_than_confirmed": _(
        "More people would have got it than were confirmed, so nothing was sent. Check it and confirm again."
    ),
}

# Why a campaign stopped by itself, and what to do: filled with the value and the limit.
STOPS = {
    "limit_failed": (
        _("Not delivered: %(value)s%% of those with a result, above the limit of %(limit)s%%."),
        _("Look at the reasons below and mend them; then continue anyway, or cancel what is left."),
    ),
    "limit_unknown": (
        _("Unknown outcome: %(value)s%% of those handed over, above the limit of %(limit)s%%."),
        _("Settle the unknown batches first; then continue anyway, or cancel what is left."),
    ),
    "limit_opted_out": (
        _("Opted out: %(value)s%% of those delivered, above the limit of %(limit)s%%."),
        _("Read the replies and look at audience and content; then continue anyway, or cancel what is left."),
    ),
    "canary_silent": (
        _("Nothing was heard of the canary in the time it was watched."),
        _("Look whether receipts come at all for this account; then continue anyway, or cancel what is left."),
    ),
}
