"""Amazon SNS: a person's subscriptions, devices and telephone numbers in one account and region.

`connect(spec)` needs the extra `aws`. Settings and secrets are those of `connectors.aws.session`, and
`every_topic` (default true: subscriptions that other accounts made to topics here are found by asking
each topic; false where there are none), `sms` (default true; false where no text messages are sent).

| collection | what | done |
|---|---|---|
| `subscriptions` | by e-mail, e-mail as JSON, text message; and those of the devices below | unsubscribed |
| `endpoints` | devices registered for push messages, where the inventory says by what they are found | deleted |
| `sms_sandbox_numbers` | numbers that may be texted before the account is in production | deleted |
| `sms_opt_outs` | numbers whose holder answered STOP | kept |

Subscriptions are found by the exact endpoint: addresses without regard to case, numbers in E.164 form
(+12025550142). One that is not confirmed yet cannot be deleted: it lapses within 48 hours, and is
LOCKED until then. One of another account's, once removed, is listed as "Deleted" for 72 hours.
Devices are found by `Token`, by `CustomUserData` as a whole, or by a key in it where it is a JSON
object (`CustomUserData->user_id`): `trust: claimed` where devices register themselves, since whoever
does writes what it says. Of two fields that prove something both must name the person. A sandbox
number can be deleted 24 hours after it was verified.

A number's opt-out is asked for by CheckIfPhoneNumberIsOptedOut. An order to delete it is answered
RETAINED: the one call that ends it, OptInPhoneNumber, would let the number be texted again, and is
never made. A rule of the inventory says on which basis it is kept; SNS does not tell since when
(`age: opted_out_at`), so it is kept until the rule's review.

Needed permissions: sns:ListSubscriptions, ListTopics, ListSubscriptionsByTopic,
ListPlatformApplications, ListEndpointsByPlatformApplication, GetEndpointAttributes,
CheckIfPhoneNumberIsOptedOut, ListSMSSandboxPhoneNumbers; to erase Unsubscribe, DeleteEndpoint,
DeleteSMSSandboxPhoneNumber.

Survives: delivery status logs with numbers and tokens (CloudWatch Logs); messages in the archive of
a FIFO topic (up to 365 days) and in queues, functions and streams that got them; opt-out lists of
AWS End User Messaging; names of topics that were made for one person; CloudTrail.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-delete-subscription-topic.html,
https://aws.amazon.com/about-aws/whats-new/2023/05/amazon-sns-automatic-deletion-unconfirmed-subscriptions/,
https://docs.aws.amazon.com/sns/latest/dg/sns-sms-sandbox-deleting-phone-numbers.html,
https://docs.aws.amazon.com/sns/latest/api/API_DeleteEndpoint.html,
https://docs.aws.amazon.com/sns/latest/api/API_OptInPhoneNumber.html.
"""

from __future__ import annotations

from connectors.aws.sns.connector import SnsConnector
from connectors.model import SystemSpec

__all__ = ["SnsConnector", "connect"]


def connect(spec: SystemSpec) -> SnsConnector:
    """The connector of one inventory entry. Raises ConfigError naming the setting or option that is wrong."""
    return SnsConnector(spec)
