"""The people whose data the sandbox is about: one subject, and those who must not be touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

USERS = 2000
ORGANISATIONS = 40


@dataclass(frozen=True, slots=True)
class Person:
    """A synthetic person and everything that names them. All addresses are at example domains."""

    user_id: int
    email: str
    name: str
    organisation_id: int
    role: str = "trainee"
    stripe_customer: str = ""
    ga_clients: tuple[str, ...] = ()

    @property
    def identifiers(self) -> dict[str, tuple[str, ...]]:
        """Kind of identifier -> the person's values, as an inventory names the kinds."""
        return {
            "email": (self.email,),
            "user_id": (str(self.user_id),),
            "stripe.customer": (self.stripe_customer,) if self.stripe_customer else (),
            "ga.client_id": self.ga_clients,
        }


@dataclass(frozen=True, slots=True)
class People:
    """`subject` has data in every store. The others share a trait with her that must not confuse:

    bystander      same name and organisation, an address and object keys that begin alike
    namesake       the same address at another domain
    administrator  wrote a course behind which other people's records hang by ON DELETE CASCADE
    attacker       gave the subject's address as an alternate one of his own
    """

    subject: Person = Person(
        42,
        "ann.lee@example.com",
        "Ann Lee",
        5,
        "manager",
        "cus_Sandbox0042",
        ("104200001.1690000042", "104200002.1700000042"),
    )
    bystander: Person = Person(
        420, "ann.lee2@example.com", "Ann Lee", 5, "trainee", "cus_Sandbox0420", ("104200003.1690000420",)
    )
    namesake: Person = Person(421, "ann.lee@example.org", "Ann Lee", 6, "trainee", "cus_Sandbox0421")
    administrator: Person = Person(7, "max.stone@example.com", "Max Stone", 5, "administrator", "cus_Sandbox0007")
    attacker: Person = Person(1337, "rob.marsh@example.net", "Rob Marsh", 9, "trainee", "cus_Sandbox1337")

    def __iter__(self) -> Iterator[Person]:
        return iter((self.subject, self.bystander, self.namesake, self.administrator, self.attacker))


PEOPLE = People()
AUTHORED = 1  # the course that the administrator wrote
OTHERS_IN_IT = 200  # enrolments of other people in that course
