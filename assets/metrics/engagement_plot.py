"""Plot of engagement by tier for the Dagster UI.

Belongs here: drawing it. matplotlib takes long to load, so only modules that draw import this one.
"""

import base64
import io

import polars as pl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from assets.metrics.computing import reference


def engagement_by_tier(benchmarks: pl.DataFrame, title: str) -> str:
    """Plots observed engagement per tier, with quartiles, beside published figures of the same platform and metric.

    Returns:
        Markdown that holds the picture.
    """
    order = reference("tiers")["tier"].to_list()
    rows = benchmarks.filter((pl.col("metric") == "engagement_ratio") & pl.col("tier").is_in(order))
    figure = Figure(figsize=(7, 3.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    platforms = rows["platform"].unique().sort().to_list()
    for number, platform in enumerate(platforms):
        one = rows.filter(pl.col("platform") == platform)
        colour, aside = f"C{number}", (number - (len(platforms) - 1) / 2) * 0.8 / len(platforms)
        observed = one.unique("tier", keep="first", maintain_order=True)
        median = observed["median"] * 100
        axes.errorbar(
            [order.index(tier) + aside for tier in observed["tier"]], median,
            yerr=[(median - observed["p25"] * 100).to_list(), (observed["p75"] * 100 - median).to_list()],
            fmt="o", capsize=3, color=colour, label=f"{platform}: median and quartiles",
        )  # fmt: skip
        published = one.filter(pl.col("published_value").is_not_null())
        if published.height:
            axes.scatter(
                [order.index(tier) + aside for tier in published["tier"]], published["published_value"] * 100,
                marker="_", s=350, linewidths=2.5, color=colour, alpha=0.45, label=f"{platform}: published elsewhere",
            )  # fmt: skip
    axes.set_xticks(range(len(order)), order)
    axes.set_ylabel("(likes + comments) / followers, %")
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title, loc="left")
    axes.legend(fontsize=8, frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=120)
    return f"![{title}](data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()})"
