"""A value of a setting that has only a few, with the words that a person reads."""

from enum import Enum


class Choice(str, Enum):
    """One of several values of a setting, with the words that a person reads."""

    label: str
    help: str

    def __new__(cls, value: str, label: str, help: str) -> "Choice":
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        member.help = help
        return member

    def __str__(self) -> str:
        return str(self.value)
