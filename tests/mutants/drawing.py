"""The mistakes that can be made in a room, and a sample of them."""

from __future__ import annotations

import ast
import difflib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import permutations
from pathlib import Path
from typing import NamedTuple

import parso
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator

SOURCES = ("synapse", "architect")
"""Folders of the library."""
PAIRS = {
    "Binary": "Add-Sub Mul-Div RShift-LShift BitOr-BitAnd BitAnd-BitXor FloorDiv-Mod",
    "Comparison": "Eq-NotEq Lt-LtE Gt-GtE Lt-GtE Gt-LtE Is-IsNot",
}
"""Operators that a person may confuse.

cosmic-ray has all pairs. Most of them, such as a shift of a float, fail in the first
line that runs. """
OTHERS = (
    *("ReplaceBinaryOperator_Pow_Mul", "ReplaceUnaryOperator_Delete_Invert"),
    *("ReplaceUnaryOperator_Delete_Not", "ReplaceUnaryOperator_Delete_USub"),
    *("AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr"),
    *("ReplaceOrWithAnd", "ReplaceBreakWithContinue", "ReplaceContinueWithBreak"),
    *("ExceptionReplacer", "NumberReplacer", "ZeroIterationForLoop"),
)


class DeleteCall(Operator):
    """Forgets a statement that only calls something."""

    def mutation_positions(self, node):
        """The statement, if it is a call whose value nobody reads."""
        if node.type == "simple_stmt" and node.children[0].type == "atom_expr":
            yield (node.start_pos, node.end_pos)

    def mutate(self, node, index):
        """`pass` at the same place."""
        indent = node.get_first_leaf().prefix
        return parso.parse(f"{indent}pass\n")

    @classmethod
    def examples(cls):
        """None: cosmic-ray's own tests do not know this operator."""
        return ()


@cache
def operators() -> dict[str, Operator]:
    """The operators that are drawn from, by name."""
    both_ways = (
        f"Replace{family}Operator_{left}_{right}"
        for family, pairs in PAIRS.items()
        for pair in pairs.split()
        for left, right in permutations(pair.split("-"))
    )
    names = (*OTHERS, *both_ways)
    of_cosmic_ray = {name: get_operator(f"core/{name}")() for name in names}
    return {**of_cosmic_ray, "DeleteCall": DeleteCall()}


@dataclass(frozen=True)
class Mistake:
    """A file of the checkout with one mistake."""

    root: Path  # of the checkout
    file: str
    line: int
    name: str
    code: str  # the file with the mistake

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.name}"

    @cached_property
    def original(self) -> str:
        """The file without the mistake."""
        return (self.root / self.file).read_text(encoding="utf-8")

    def diff(self) -> str:
        """The mistake, as a diff with a line of context."""
        files = self.original.splitlines(), self.code.splitlines()
        names = self.file, self.file
        return "\n".join(difflib.unified_diff(*files, *names, n=1, lineterm=""))

    def can_be_noticed(self) -> bool:
        """Whether the file is still Python, and means something else."""
        try:
            return meaning(self.code) != meaning(self.original)
        except SyntaxError:
            return False


class Place(NamedTuple):
    """Where an operator of cosmic-ray makes its nth mistake in a file."""

    file: str
    line: int
    column: int
    operator: str
    occurrence: int

    def mistake(self, root: Path) -> Mistake:
        """Make the mistake."""
        original = (root / self.file).read_text(encoding="utf-8")
        code = mutate_code(original, operators()[self.operator], self.occurrence)
        name = f"{self.operator} at column {self.column}"
        return Mistake(root, self.file, self.line, name, code)


class _Meaning(ast.NodeTransformer):
    """Leaves out what no test should look at: annotations, and the words of an
    error."""

    def visit_If(self, node: ast.If) -> ast.AST | None:
        """Without what only type checkers read."""
        is_for_checkers = "TYPE_CHECKING" in ast.unparse(node.test)
        return None if is_for_checkers else self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        """Without the annotation."""
        return ast.arg(node.arg)

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        """Without the marks of arguments that are given by name, or by position."""
        named = [*node.posonlyargs, *node.args, *node.kwonlyargs]
        defaults = [*node.defaults, *filter(None, node.kw_defaults)]
        return self.generic_visit(
            ast.arguments([], named, node.vararg, [], [], node.kwarg, defaults)
        )

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Without the annotation of the result."""
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """The annotation is a name alone, because a field needs one."""
        node.annotation = ast.Name("annotation")
        return self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        """Without a union of types that has a name."""
        value = node.value
        is_union = (
            node.col_offset == 0
            and isinstance(value, ast.BinOp)
            and isinstance(value.op, ast.BitOr | ast.BitAnd)
        )
        return None if is_union else self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        """With the class of the error alone."""
        if isinstance(node.exc, ast.Call):
            node.exc = node.exc.func
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Without the sentence of a warning, and without a cast."""
        if ast.unparse(node.func) in ("warn", "warnings.warn", "cast"):
            return ast.Call(node.func, [], [])
        return self.generic_visit(node)


def meaning(code: str) -> str:
    """A text that two files share if no test should tell them apart."""
    return ast.dump(_Meaning().visit(ast.parse(code)))


def candidates(root: Path, file: str) -> Iterator[Place]:
    """Every mistake that an operator makes in a file."""
    nodes = list(ast_nodes(get_ast((root / file).read_text(encoding="utf-8"))))
    for name, operator in operators().items():
        positions = (
            position for node in nodes for position in operator.mutation_positions(node)
        )
        for occurrence, ((line, column), _) in enumerate(positions):
            yield Place(file, line, column, name, occurrence)


def files_of(root: Path, folders: Iterable[str]) -> list[str]:
    """The Python files of some folders, in order."""
    paths = (path for folder in folders for path in (root / folder).rglob("*.py"))
    return sorted(path.relative_to(root).as_posix() for path in paths)


def draw(root: Path, folders: Iterable[str], count: int, seed: int) -> list[Mistake]:
    """Draw mistakes: each place in the code is as likely as another, and is drawn
    once."""
    places: dict[tuple[str, int, int], list[Place]] = {}
    for file in files_of(root, folders):
        for place in candidates(root, file):
            places.setdefault(place[:3], []).append(place)
    rng = random.Random(seed)
    order = list(places)
    rng.shuffle(order)
    drawn: list[Mistake] = []
    for place in order:
        if len(drawn) == count:
            break
        made = (each.mistake(root) for each in places[place])
        mistakes = [mistake for mistake in made if mistake.can_be_noticed()]
        if mistakes:
            drawn.append(rng.choice(mistakes))
    return drawn
