"""Reads the types in declarations."""

from __future__ import annotations

from parity.syntax import (
    Dictionary,
    Function,
    Intersection,
    Items,
    List,
    Mapped,
    Member,
    Number,
    Object,
    Operation,
    Parameter,
    Reference,
    Text,
    Type,
    Union,
)
from parity.tokens import DeclarationError, Token, tokenize


class TypeParser:
    """Reads types, word by word. Whatever it does not know raises `DeclarationError`, with file and line."""

    def __init__(self, source: str, name: str) -> None:
        self._tokens = tokenize(source, name)
        self._position = 0

    @property
    def token(self) -> Token:
        """The next word."""
        return self._tokens[self._position]

    def peek(self, offset: int) -> Token:
        """Return a word further on."""
        return self._tokens[min(self._position + offset, len(self._tokens) - 1)]

    def advance(self) -> Token:
        """Take the next word."""
        token = self.token
        self._position += 1
        return token

    def at(self, *texts: str) -> bool:
        """Tell whether the next word is one of these symbols or names."""
        return self.token.kind in ("symbol", "name") and self.token.text in texts

    def accept(self, text: str) -> bool:
        """Take the next word if it is this one."""
        if self.at(text):
            self._position += 1
            return True
        return False

    def expect(self, text: str) -> Token:
        """Take the next word, which must be this one."""
        if not self.at(text):
            raise self.error(f"expected {text!r}")
        return self.advance()

    def name(self) -> str:
        """Take the next word, which must be a name."""
        if self.token.kind != "name":
            raise self.error("expected a name")
        return self.advance().text

    def string(self) -> str:
        """Take the next word, which must be a string."""
        if self.token.kind != "string":
            raise self.error("expected a string")
        return self.advance().text

    def error(self, message: str) -> DeclarationError:
        """Make an error that says where the next word is."""
        return DeclarationError(f"{self.token.where}: {message}, found {self.token.text!r}")

    def type(self) -> Type:
        """Read a type: a union of intersections."""
        self.accept("|")
        members = [self._intersection()]
        while self.accept("|"):
            members.append(self._intersection())
        return members[0] if len(members) == 1 else Union(tuple(members))

    def type_parameters(self) -> tuple[str, ...]:
        """Read `<T extends A = B, …>`, if it is there; return the names alone."""
        names: list[str] = []
        if not self.accept("<"):
            return ()
        while not self.accept(">"):
            names.append(self.name())
            if self.accept("extends"):
                self.type()
            if self.accept("="):
                self.type()
            if not self.at(">"):
                self.expect(",")
        return tuple(names)

    def parameters(self) -> tuple[Parameter, ...]:
        """Read the parameters of a function, with their parentheses."""
        self.expect("(")
        parameters: list[Parameter] = []
        while not self.accept(")"):
            parameters.append(self._parameter())
            if not self.at(")"):
                self.expect(",")
        return tuple(parameters)

    def object(self) -> Object:
        """Read the members of an object, an interface or a class, with their braces."""
        self.expect("{")
        members: list[Member] = []
        while not self.accept("}"):
            members.append(self._member())
            self.accept(";")
        return Object(tuple(members))

    def _intersection(self) -> Type:
        self.accept("&")
        members = [self._postfix()]
        while self.accept("&"):
            members.append(self._postfix())
        return members[0] if len(members) == 1 else Intersection(tuple(members))

    def _postfix(self) -> Type:
        operand = self._primary()
        while self.accept("["):
            if self.accept("]"):
                operand = List(operand)
            else:
                operand = Operation("index", (operand, self.type()))
                self.expect("]")
        return operand

    def _primary(self) -> Type:
        if self.token.kind == "string":
            return Text(self.advance().text)
        if self.token.kind == "number":
            return Number(self.advance().text)
        if self.at("<"):
            return self._function()
        if self.at("("):
            return self._function() if self._is_function() else self._parenthesised()
        if self.at("{"):
            return self._braces()
        if self.at("["):
            return self._items()
        if self.accept("keyof"):
            return Operation("keyof", (self._postfix(),))
        if self.accept("typeof"):
            return Operation("typeof", (self._reference(),))
        return self._reference()

    def _reference(self) -> Reference:
        name = self.name()
        while self.accept("."):
            name += "." + self.name()
        arguments: list[Type] = []
        if self.accept("<"):
            arguments.append(self.type())
            while self.accept(","):
                arguments.append(self.type())
            self.expect(">")
        return Reference(name, tuple(arguments))

    def _parenthesised(self) -> Type:
        self.expect("(")
        inner = self.type()
        self.expect(")")
        return inner

    def _is_function(self) -> bool:
        """Tell whether the parenthesis ahead opens parameters: what follows the closing one decides."""
        depth = 0
        for offset in range(len(self._tokens)):
            token = self.peek(offset)
            if token.kind == "end":
                break
            if token.kind == "symbol":
                depth += {"(": 1, ")": -1}.get(token.text, 0)
                if depth == 0:
                    return self.peek(offset + 1).text == "=>"
        raise self.error("unbalanced parenthesis")

    def _function(self) -> Function:
        type_parameters = self.type_parameters()
        parameters = self.parameters()
        self.expect("=>")
        return Function(parameters, self.type(), type_parameters)

    def _items(self) -> Items:
        self.expect("[")
        items: list[tuple[Type, bool]] = []
        while not self.accept("]"):
            items.append((self.type(), self.accept("?")))
            if not self.at("]"):
                self.expect(",")
        return Items(tuple(items))

    def _braces(self) -> Type:
        if self.peek(1).text == "[" and self.peek(3).text == ":":
            return self._dictionary()
        if self.peek(1).text == "[" and self.peek(3).text == "in":
            return self._mapped()
        return self.object()

    def _dictionary(self) -> Dictionary:
        self.expect("{")
        self.expect("[")
        self.name()
        self.expect(":")
        key = self.type()
        self.expect("]")
        self.expect(":")
        value = self.type()
        self.accept(";")
        self.expect("}")
        return Dictionary(key, value)

    def _mapped(self) -> Mapped:
        self.expect("{")
        self.expect("[")
        parameter = self.name()
        self.expect("in")
        keys = self.type()
        self.expect("]")
        optional = self.accept("?")
        self.expect(":")
        value = self.type()
        self.accept(";")
        self.expect("}")
        return Mapped(parameter, keys, value, optional)

    def _parameter(self) -> Parameter:
        rest = self.accept("...")
        name: str | None = None
        if self.at("{"):
            self._skip_pattern()
        else:
            name = self.name()
        optional = self.accept("?")
        self.expect(":")
        return Parameter(name, self.type(), optional, rest)

    def _skip_pattern(self) -> None:
        """Skip the names of a destructured parameter: its type lists them again."""
        self.expect("{")
        while not self.accept("}"):
            self.name()
            if not self.at("}"):
                self.expect(",")

    def _member(self) -> Member:
        comment = self.token.comment
        hidden = self._modifiers()
        accessor = self.token.text if self.at("get", "set") and self.peek(1).kind == "name" else None
        if accessor is not None:
            self.advance()
        name = self.string() if self.token.kind == "string" else self.name()
        optional = self.accept("?")
        if self.at("<", "("):
            return self._method(name, accessor, optional, comment)
        if hidden and not self.at(":"):
            # Declarations keep the types of what is private to themselves.
            return Member(name, Reference("unknown"), "field", optional, "@private")
        self.expect(":")
        return Member(name, self.type(), "field", optional, comment)

    def _modifiers(self) -> bool:
        """Skip modifiers; return whether the member is hidden."""
        hidden = self.token.text.startswith("#")
        while self.at("private", "protected", "readonly", "static", "abstract") and self.peek(1).kind == "name":
            hidden |= self.advance().text in ("private", "protected")
        return hidden

    def _method(self, name: str, accessor: str | None, optional: bool, comment: str) -> Member:
        type_parameters = self.type_parameters()
        parameters = self.parameters()
        result: Type = self.type() if self.accept(":") else Reference("void")
        if accessor == "get":
            return Member(name, result, "get", optional, comment)
        if accessor == "set":
            return Member(name, parameters[0].type, "set", optional, comment)
        function = Function(parameters, result, type_parameters)
        return Member(name, function, "constructor" if name == "constructor" else "method", optional, comment)
