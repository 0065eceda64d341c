"""What a planted slip is, and what the gate says of slips first."""

import dataclasses
import pathlib

LOGITS = "the logits before training differ"
STEP_1, STEP_2, STEP_3 = (f"the loss of step {number} differs" for number in (1, 2, 3))
ANOTHER_MODEL = "the logits of another model with the trained parameters differ"
ONE_PASS = "the mean loss of the same steps in one pass differs"


@dataclasses.dataclass(frozen=True)
class Slip:
    """A mistake, how to make it, and the beginning of what the gate says of it.

    Attributes
    ----------
    name : str
        What someone did wrong.
    where : str
        The implementation that it is planted in.
    replacements : tuple of (str, str)
        What is there exactly once, and what takes its place.
    first : str
        A regular expression for the beginning of the reason.
    """

    name: str
    where: str
    replacements: tuple[tuple[str, str], ...]
    first: str

    def source(self, folder: pathlib.Path) -> str:
        """The implementation with the mistake in it; the folder is its network's."""
        _, _, style = self.where.partition("/")
        source = (folder / f"{style}.py").read_text(encoding="utf-8")
        for old, new in self.replacements:
            assert source.count(old) == 1, f"{self.where} has {source.count(old)} times: {old}"
            source = source.replace(old, new)
        return source


def slip(name: str, where: str, old: str, new: str, first: str, *more: tuple[str, str]) -> Slip:
    return Slip(name, where, ((old, new), *more), first)
