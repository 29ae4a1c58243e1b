"""What this lab says by itself, and no kernel: refusals by its rules and limits, and what it does not have.

All of them are OSErrors without an errno, so that programs which handle network errors handle them too, and nobody
takes them for the network's answer.
"""


from _builtin_socket import gaierror, herror


class LabError(OSError):
    """The lab did not do it. The network was not asked."""


class PolicyError(LabError):
    """A rule of this server refused it. `rule` is its name, `value` what it was applied to."""

    def __init__(self, rule, value, resolving=False):
        self.rule = rule
        self.value = value
        words = rule.replace("_", " ")
        if resolving:
            super().__init__(
                f'No machine of this room is called "{value}", and outside it this lab does not ask for that name '
                f"(rule: {words}). This is our rule, not an error of your code."
            )
        else:
            super().__init__(
                f"This lab does not connect to {value} (rule: {words}). "
                "The network was not asked; this is our rule, not an error of your code."
            )


class NamePolicyError(PolicyError, gaierror):
    """A rule of this server refused to look a name up. To a program it is a name that could not be resolved."""

    def __init__(self, rule, value):
        super().__init__(rule, value, resolving=True)


class NoReverseName(LabError, herror):
    """An address outside of the room: nobody is asked what it is called. To a program it is one without a name."""

    def __init__(self, address):
        super().__init__(f"This lab asks nobody outside the room what {address} is called; names can be looked up the other way only.")


class LimitError(LabError):
    """A limit of this server is reached. `limit` is its name, `value` its value."""

    def __init__(self, limit, value):
        self.limit = limit
        self.value = value
        super().__init__(f"A limit of this lab was reached: {limit}, {value}. The kernel was not asked.")


class NotAvailable(LabError):
    """Linux has it, this lab does not."""


class RoomOver(LabError):
    """The room or the connection to it is gone, and with it every socket of this program."""


for _class in (LabError, PolicyError, NamePolicyError, NoReverseName, LimitError, NotAvailable, RoomOver):
    _class.__module__ = "wireside"
del _class
