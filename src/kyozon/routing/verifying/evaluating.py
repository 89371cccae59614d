"""Evaluates small Python functions on literals by walking their syntax tree; nothing is ever compiled or executed.

For answers to questions such as "what does f('ab') return?". Work, sizes and depth are bounded, there is no attribute but
the methods of `allowed`, no import and no I/O; whatever else the code does makes the evaluator abstain.
"""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from kyozon.routing.verifying.allowed import Budget, Unknown, call, elements, kept, method

_STEPS = 30_000
_DEEPEST = 12
_POWER = 60
_FAILURES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)

_BINARY: Final[dict[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.Pow: operator.pow,
}
_COMPARE: Final[dict[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
    ast.Is: lambda one, two: one is two,
    ast.IsNot: lambda one, two: one is not two,
}
_UNARY: Final[dict[type[ast.unaryop], Callable[[Any], Any]]] = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}

Names = dict[str, Any]


class _Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


def evaluate(code: ast.Module, asked: ast.expr) -> Any:
    """The value of an expression after the functions of a module are defined.

    Raises:
        Unknown: the code fails, or does more than small functions on literals do.
    """
    functions = {node.name: node for node in code.body if isinstance(node, ast.FunctionDef)}
    budget = Budget(_STEPS)
    try:
        found = _Walk(functions, budget).value(asked, {})
        budget.weigh(found)
    except (*_FAILURES, _Break, _Continue, _Return) as error:
        raise Unknown(type(error).__name__) from error
    return found


class _Walk:
    """One evaluation."""

    def __init__(self, functions: Mapping[str, ast.FunctionDef], budget: Budget) -> None:
        self._functions = functions
        self._budget = budget
        self._depth = 0

    def value(self, node: ast.expr, names: Names) -> Any:
        self._budget.spend()
        walk = getattr(self, f"_{type(node).__name__.lower()}", None)
        if walk is None:
            raise Unknown(type(node).__name__)
        return walk(node, names)

    def _constant(self, node: ast.Constant, _names: Names) -> Any:
        if not isinstance(node.value, (str, int, float, bool, type(None))):
            raise Unknown("a literal of another kind")
        return kept(node.value)

    def _name(self, node: ast.Name, names: Names) -> Any:
        if node.id not in names:
            raise Unknown(node.id)
        return names[node.id]

    def _list(self, node: ast.List, names: Names) -> list[Any]:
        return [self.value(each, names) for each in node.elts]

    def _tuple(self, node: ast.Tuple, names: Names) -> tuple[Any, ...]:
        return tuple(self.value(each, names) for each in node.elts)

    def _set(self, node: ast.Set, names: Names) -> set[Any]:
        return {self._key(each, names) for each in node.elts}

    def _key(self, node: ast.expr, names: Names) -> Any:
        """A value that will be hashed, which touches it whole."""
        found = self.value(node, names)
        self._budget.weigh(found)
        return found

    def _dict(self, node: ast.Dict, names: Names) -> dict[Any, Any]:
        if None in node.keys:
            raise Unknown("unpacking")
        return {
            self._key(key, names): self.value(each, names) for key, each in zip(node.keys, node.values, strict=True) if key
        }

    def _binop(self, node: ast.BinOp, names: Names) -> Any:
        return self._reckoned(node.op, self.value(node.left, names), self.value(node.right, names))

    def _reckoned(self, sign: ast.operator, left: Any, right: Any) -> Any:
        self._budget.weigh(left, right)
        if type(sign) not in _BINARY or (isinstance(sign, ast.Mod) and isinstance(left, str)):
            raise Unknown(type(sign).__name__)
        if isinstance(sign, ast.Pow) and not (abs(left) <= _POWER and 0 <= right <= _POWER / 6):
            raise Unknown("a power too large")
        if isinstance(sign, ast.Mult):
            many, one = (left, right) if isinstance(right, int) else (right, left)
            if isinstance(many, (str, list, tuple)):
                self._budget.spend(len(many) * max(0, one))
        return kept(_BINARY[type(sign)](left, right))

    def _unaryop(self, node: ast.UnaryOp, names: Names) -> Any:
        if type(node.op) not in _UNARY:
            raise Unknown(type(node.op).__name__)
        return _UNARY[type(node.op)](self.value(node.operand, names))

    def _boolop(self, node: ast.BoolOp, names: Names) -> Any:
        wanted = isinstance(node.op, ast.Or)
        found: Any = None
        for each in node.values:
            found = self.value(each, names)
            if bool(found) is wanted:
                break
        return found

    def _compare(self, node: ast.Compare, names: Names) -> bool:
        left = self.value(node.left, names)
        for sign, each in zip(node.ops, node.comparators, strict=True):
            right = self.value(each, names)
            self._budget.weigh(left, right)
            if isinstance(sign, (ast.Is, ast.IsNot)) and not isinstance(right, (bool, type(None))):
                raise Unknown("which values are one object is Python's own affair")
            if not _COMPARE[type(sign)](left, right):
                return False
            left = right
        return True

    def _ifexp(self, node: ast.IfExp, names: Names) -> Any:
        return self.value(node.body if self.value(node.test, names) else node.orelse, names)

    def _subscript(self, node: ast.Subscript, names: Names) -> Any:
        owner = self.value(node.value, names)
        place = self._place(node.slice, names)
        if isinstance(place, slice):
            self._budget.weigh(owner)
        return owner[place]

    def _place(self, node: ast.expr, names: Names) -> Any:
        if isinstance(node, ast.Slice):
            return slice(*(each and self.value(each, names) for each in (node.lower, node.upper, node.step)))
        return self._key(node, names)

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp, names: Names) -> list[Any]:
        return [self.value(node.elt, inner) for inner in self._loops(node.generators, names)]

    _generatorexp = _listcomp

    def _setcomp(self, node: ast.SetComp, names: Names) -> set[Any]:
        return {self._key(node.elt, inner) for inner in self._loops(node.generators, names)}

    def _dictcomp(self, node: ast.DictComp, names: Names) -> dict[Any, Any]:
        return {self._key(node.key, inner): self.value(node.value, inner) for inner in self._loops(node.generators, names)}

    def _loops(self, loops: list[ast.comprehension], names: Names) -> Iterator[Names]:
        if not loops:
            yield dict(names)
            return
        for each in elements(self.value(loops[0].iter, names), self._budget):
            inner = dict(names)
            self._set_to(loops[0].target, each, inner)
            if all(self.value(test, inner) for test in loops[0].ifs):
                yield from self._loops(loops[1:], inner)

    def _joinedstr(self, node: ast.JoinedStr, names: Names) -> str:
        return str(kept("".join(str(self.value(each, names)) for each in node.values)))

    def _formattedvalue(self, node: ast.FormattedValue, names: Names) -> str:
        if node.format_spec is not None or node.conversion != -1:
            raise Unknown("a format")
        found = self.value(node.value, names)
        self._budget.weigh(found)
        return str(found)

    def _call(self, node: ast.Call, names: Names) -> Any:
        arguments: list[Any] = []
        for each in node.args:
            if isinstance(each, ast.Starred):
                arguments += elements(self.value(each.value, names), self._budget)
            else:
                arguments.append(self.value(each, names))
        named = {each.arg: self.value(each.value, names) for each in node.keywords if each.arg and each.arg != "key"}
        if len(named) != len(node.keywords):
            raise Unknown("a key or unpacked arguments")
        if isinstance(node.func, ast.Attribute):
            return method(self.value(node.func.value, names), node.func.attr, arguments, named, self._budget)
        if not isinstance(node.func, ast.Name) or node.func.id in names:
            raise Unknown("a call of a value")
        if node.func.id in self._functions:
            return self._function(self._functions[node.func.id], arguments, named)
        return call(node.func.id, arguments, named, self._budget)

    def _function(self, node: ast.FunctionDef, arguments: list[Any], named: Names) -> Any:
        wanted = [each.arg for each in node.args.args]
        if (
            node.args.vararg
            or node.args.kwarg
            or node.args.kwonlyargs
            or node.decorator_list
            or len(arguments) > len(wanted)
        ):
            raise Unknown("arguments of another kind")
        first = len(wanted) - len(node.args.defaults)
        if not all(isinstance(each, ast.Constant) for each in node.args.defaults):
            raise Unknown("a default that calls may share")
        names = {name: self.value(each, {}) for name, each in zip(wanted[first:], node.args.defaults, strict=True)}
        names |= dict(zip(wanted, arguments, strict=False)) | named
        if set(names) != set(wanted) or self._depth >= _DEEPEST:
            raise Unknown("arguments missing, or calls too deep")
        self._depth += 1
        try:
            self._block(node.body, names)
        except _Return as found:
            return found.value
        finally:
            self._depth -= 1
        return None

    def _block(self, body: list[ast.stmt], names: Names) -> None:
        for node in body:
            self._budget.spend()
            run = getattr(self, f"_do_{type(node).__name__.lower()}", None)
            if run is None:
                raise Unknown(type(node).__name__)
            run(node, names)

    def _do_return(self, node: ast.Return, names: Names) -> None:
        raise _Return(None if node.value is None else self.value(node.value, names))

    def _do_expr(self, node: ast.Expr, names: Names) -> None:
        self.value(node.value, names)

    def _do_pass(self, node: ast.Pass, names: Names) -> None:
        pass

    def _do_break(self, _node: ast.Break, _names: Names) -> None:
        raise _Break

    def _do_continue(self, _node: ast.Continue, _names: Names) -> None:
        raise _Continue

    def _do_assign(self, node: ast.Assign, names: Names) -> None:
        found = self.value(node.value, names)
        for target in node.targets:
            self._set_to(target, found, names)

    def _do_augassign(self, node: ast.AugAssign, names: Names) -> None:
        if any(isinstance(each, ast.Call) for each in ast.walk(node.target)):
            raise Unknown("a call in a target, which must be made once")
        load = ast.Name(node.target.id, ast.Load()) if isinstance(node.target, ast.Name) else node.target
        left, right = self.value(load, names), self.value(node.value, names)
        if isinstance(left, list) and isinstance(node.op, ast.Add):
            method(left, "extend", [elements(right, self._budget)], {}, self._budget)
            return
        if isinstance(left, (list, set, dict)):
            raise Unknown("another change in place")
        self._set_to(node.target, self._reckoned(node.op, left, right), names)

    def _do_if(self, node: ast.If, names: Names) -> None:
        self._block(node.body if self.value(node.test, names) else node.orelse, names)

    def _do_while(self, node: ast.While, names: Names) -> None:
        self._looped(self._while_true(node.test, names), node, names)

    def _while_true(self, test: ast.expr, names: Names) -> Iterator[bool]:
        while self.value(test, names):
            yield True

    def _do_for(self, node: ast.For, names: Names) -> None:
        self._looped(self._each(node, names), node, names)

    def _each(self, node: ast.For, names: Names) -> Iterator[bool]:
        """Walks a list itself, as Python does: it may change on the way."""
        values = self.value(node.iter, names)
        walked = values if isinstance(values, (list, range)) else elements(values, self._budget)
        for value in walked:
            self._set_to(node.target, value, names)
            yield True

    def _looped(self, turns: Iterator[bool], node: ast.For | ast.While, names: Names) -> None:
        try:
            for _ in turns:
                self._budget.spend()
                try:
                    self._block(node.body, names)
                except _Continue:
                    continue
        except _Break:
            return
        self._block(node.orelse, names)

    def _do_delete(self, node: ast.Delete, names: Names) -> None:
        for target in node.targets:
            if not isinstance(target, ast.Subscript):
                raise Unknown("deleting a name")
            owner = self.value(target.value, names)
            self._budget.weigh(owner)
            del owner[self._place(target.slice, names)]

    def _set_to(self, target: ast.expr, found: Any, names: Names) -> None:
        if isinstance(target, ast.Name):
            names[target.id] = found
        elif isinstance(target, (ast.Tuple, ast.List)):
            values = elements(found, self._budget)
            for each, value in zip(target.elts, values, strict=True):
                self._set_to(each, value, names)
        elif isinstance(target, ast.Subscript):
            owner = self.value(target.value, names)
            place = self._place(target.slice, names)
            if not isinstance(owner, (list, dict)) or isinstance(place, slice):
                raise Unknown("a part is set")
            owner[place] = found
        else:
            raise Unknown("another kind of target")
