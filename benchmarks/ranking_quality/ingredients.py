"""Ingredients of the ranking model that can be switched off, to measure the gain of each.

Belongs here: the name of each ingredient, and the macros that replace those of `assets/sql/macros.sql` without it.
"""

from collections.abc import Mapping, Sequence

import click

# Ingredient to the statements that switch it off, each with its semicolon.
REPLACEMENTS: Mapping[str, str] = {
    "robust_level": "CREATE OR REPLACE TEMP MACRO huber_bound() AS 1000;",
    "counting": "CREATE OR REPLACE TEMP MACRO counting_variance(log_count) AS 0 * (log_count);",
    # A prior df so high that every account has its platform's variance.
    "moderation": "CREATE OR REPLACE TEMP MACRO min_post_df() AS 1000000;",
    "size_slope": "CREATE OR REPLACE TEMP MACRO slope_sd() AS 0.000001;",
    "trend_weights": "CREATE OR REPLACE TEMP MACRO trend_weight(noise) AS 4.0 + 0 * (noise);",
    "outliers": "CREATE OR REPLACE TEMP MACRO min_core_share() AS 1;",
    "change": "CREATE OR REPLACE TEMP MACRO change_share() AS 0;",
}

ALL = "all"


def variant(group: Sequence[str]) -> str:
    """Names the product without a group of ingredients."""
    return f"without {' + '.join(group)}"


class WithoutOption(click.ParamType[tuple[tuple[str, ...], ...]]):
    """Groups of ingredients, each to be switched off alone: `a,b+c` is two groups, `all` each ingredient alone."""

    name = "ingredients"

    def convert(
        self, value: str | tuple[tuple[str, ...], ...], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[tuple[str, ...], ...]:
        """Splits the text and checks the names."""
        if isinstance(value, tuple):
            return value
        groups = (
            tuple((name,) for name in REPLACEMENTS)
            if value == ALL
            else tuple(tuple(group.split("+")) for group in value.split(",") if group)
        )
        if unknown := sorted({name for group in groups for name in group} - set(REPLACEMENTS)):
            self.fail(f"no ingredient {', '.join(unknown)}; there are: {', '.join(REPLACEMENTS)}", param, ctx)
        return groups
