"""Former names of commands and options, accepted for one release.

Belongs here: the mapping and nothing else; delete the module with the release after next.
"""

import click

_COMMANDS = {"tidy": "prune", "forget": "erase", "unsuppress": "allow", "sources": "check"}
_OPTIONS = {"backfill": {"--on-disk": "--available-only"}, "inspect": {"--write": "--save-shape"}}


class Group(click.Group):
    """Commands by their names, and by former names that the help does not show."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Replaces former names before click looks them up."""
        name = _COMMANDS.get(args[0], args[0])
        return super().resolve_command(ctx, [name, *(_current(each, _OPTIONS.get(name, {})) for each in args[1:])])


def _current(argument: str, options: dict[str, str]) -> str:
    option, is_assigned, value = argument.partition("=")
    return f"{options.get(option, option)}{is_assigned}{value}"
