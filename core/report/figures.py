"""The figures of a report as JSON, for programs: what was found and what was counted."""

from typing import Any

from ..dataset.statistics_report import Report
from .facts.gathering import Facts
from .judgement.finding import Finding, Of
from .judgement.judge import Judgement

FIGURES_VERSION = 1
# Of each finding so many frames are named, worst first.
_MOST_FRAMES = 1000
_MOST_WORST = 100


def figures(facts: Facts, judgement: Judgement, statistics: Report) -> dict[str, Any]:
    """Keys are as docs/report.md says; a later version only adds some, or has another number."""
    return {
        "figures_version": FIGURES_VERSION,
        "verdict": {
            "level": judgement.level.value,
            "headline": judgement.headline,
            "summary": judgement.summary,
            "options": [one.option for one in judgement.remedies],
            "fine": list(judgement.fine),
        },
        "findings": [_finding(one, facts) for one in judgement.findings],
        "worst_frames": [
            {"frame": facts.paths[number], "score": round(float(judgement.score[number]), 2)}
            for number in (-judgement.score).argsort(kind="stable")[:_MOST_WORST].tolist()
            if judgement.score[number]
        ],
        "near_duplicates": [[facts.paths[one] for one in pair] for pair in judgement.pairs[:_MOST_FRAMES].tolist()],
        "limits": judgement.limits.as_json(),
        "statistics": statistics.as_json(),
    }


def _finding(finding: Finding, facts: Facts) -> dict[str, Any]:
    items = finding.items if finding.of is not Of.INSTANCES else facts.instances["frame"][finding.items]
    frames = list(dict.fromkeys(facts.paths[number] for number in items.tolist()))
    return {
        "key": finding.key,
        "about": finding.of.value,
        "level": finding.level.value,
        "count": finding.count,
        "sentence": finding.sentence,
        "why": finding.why,
        "way_out": finding.way_out,
        "option": finding.remedy.option if finding.remedy else None,
        "within": finding.within or None,
        "frame_count": len(frames),
        "frames": frames[:_MOST_FRAMES],
    }
