"""What is said of each kind of copy: constant texts, for whoever reads a plan or does a step by hand."""

_REPLAY = "after any restore, rollback or fork run the erasures again before the data is used"
_OWN_PLAN = (
    "needs a plan of its own (dsr backup plan): a newer backup proven by a test restore, no legal hold on anything "
    "inside, and a second approver"
)

SCHEDULED_BACKUPS = f"scheduled backups hold everybody and expire by the plan's retention; {_REPLAY}"
OVERDUE = (
    "copies are still there after the end of their retention: expiry is not to be relied on; see what is left with "
    f"heroku pg:backups, and delete it by hand; that {_OWN_PLAN}"
)
MANUAL_BACKUPS = (
    f"backups taken by hand hold everybody and have no end: note until when each is needed; deleting one {_OWN_PLAN}"
)
UNPURGED_BACKUPS = (
    "backups that were deleted, and whose file the vendor has not shown as purged: look again after a day (heroku "
    "pg:backups:info), and ask Heroku support to see to it"
)
TRANSFERS = (
    "pg:copy or a restore wrote a copy into a database that is not in these apps: find it by the name in heroku "
    "pg:backups, run the erasure there or destroy it"
)
ROLLBACK = (
    "continuous protection keeps snapshots and write-ahead logs of everybody for the rollback window; it is never "
    f"switched off; it has passed when `Rollback: from` in heroku pg:info is later than the erasure; {_REPLAY}"
)
ROLLBACK_UNSAID = (
    "continuous protection keeps physical copies of this database, and the vendor says no window: ask Heroku support "
    "how long they are kept, and note the date; it is never switched off"
)
FOLLOWERS = "a follower replays the deletion of its leader, usually within minutes; it is never written to"
FOLLOWERS_BEHIND = (
    "a follower that lags behind its leader since the erasure: see with heroku pg:info why, or replace it"
)
FORKS = (
    "a database on its own (a fork, a rollback, a copy for staging or a review app): run the erasure there, by an "
    "entry of the inventory or by hand, or destroy it; its own backups and rollback window then run out"
)
UNCOVERED = (
    "a database of the advanced tier, or one that the calls for backups do not know: look up its backups and recovery "
    f"window in the dashboard and note their end; {_REPLAY}"
)
UNSEEN_APPS = (
    "the database is attached to apps that the inventory does not list: add them to `apps`, or look there for backups, "
    "copies and who reads it"
)
UNSEEN_DATABASES = (
    "followers or forks that no listed app has: find them with heroku pg:info, add their apps to `apps`, or run the "
    "erasure there by hand"
)
OTHER_STORES = (
    "another data add-on (Redis, Kafka, Connect): look for the person's keys and messages there, and delete them"
)
LOGPLEX = "the platform's log buffer holds the last 1,500 lines, a week at most; it cannot be emptied"
LOG_DRAINS = (
    "log drains send the app's logs to receivers that the inventory does not cover: search each of them for the "
    "person, then list it in `covered_drains` if another system does"
)
UNREADABLE_DRAINS = "neither log drains nor telemetry drains can be listed: look in the dashboard where the logs go"
DATACLIPS = (
    "dataclips keep results and links of their own, and no API lists them: look through them for queries that show the "
    "person, and have them run again or delete them"
)
DOWNLOADS = (
    "dumps that were downloaded, links to backups that were handed out, copies in CI and on laptops: ask who has "
    "them, and have them deleted"
)
COLLABORATOR = "the person may work on the app: remove them with heroku access:remove, as their manager decides"
TEAM_MEMBER = "the person is a member of the team: remove them with heroku members:remove, as their manager decides"
CONFIG_VARS = (
    "config vars of a release name the person; releases keep their config vars: change the current ones, the earlier "
    "ones go only with the app"
)

# Why a backup is not deleted from here.
WHOSE = "it cannot be told which database it is of: its address is none of a database in the listed apps"
NOT_COVERED = "it is of the advanced tier, which the calls for backups do not cover: look it up in the dashboard"
NOT_SEARCHED = (
    "it is of a database that no system of the inventory searches (a fork, a copy for staging or a review app)"
)
UNDATED = "the vendor says neither when it was made nor by what number it is called"
