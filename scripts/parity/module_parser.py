"""Reads whole declaration files."""

from __future__ import annotations

from pathlib import Path

from parity.syntax import Alias, Class, Declaration, Function, Module, Reference, Type, Value
from parity.type_parser import TypeParser


def parse_module(path: Path) -> Module:
    """Read a declaration file.

    Raises:
        DeclarationError: It has something that is not understood.
    """
    name = path.name.removesuffix(".d.ts")
    return _ModuleParser(path.read_text(encoding="utf-8"), path.name).module(name)


class _ModuleParser(TypeParser):
    def module(self, name: str) -> Module:
        module = Module(name)
        while self.token.kind != "end":
            self._statement(module)
        return module

    def _statement(self, module: Module) -> None:
        if self.accept("import"):
            self._import(module)
        elif self.accept("export"):
            self._export(module)
        else:
            self._declare(module)
        self.accept(";")

    def _import(self, module: Module) -> None:
        if not self.at("{") and self.peek(1).text != "from":
            self.accept("type")
        if self.accept("*"):
            self.expect("as")
            local = self.name()
            self.expect("from")
            module.imports[local] = (_module_name(self.string()), "*")
            return
        names = self._names()
        self.expect("from")
        source = _module_name(self.string())
        for there, here in names:
            module.imports[here] = (source, there)

    def _export(self, module: Module) -> None:
        if self.at("*") or (self.at("type") and self.peek(1).text == "*"):
            self._export_all(module)
        elif self.at("{") or (self.at("type") and self.peek(1).text == "{"):
            self._export_names(module)
        else:
            declaration = self._declare(module)
            module.exports[declaration.name] = declaration.name

    def _export_all(self, module: Module) -> None:
        self.accept("type")
        self.expect("*")
        exported = self.name() if self.accept("as") else None
        self.expect("from")
        source = _module_name(self.string())
        if exported is None:
            module.star_exports.append(source)
        else:
            module.reexports[exported] = (source, "*")

    def _export_names(self, module: Module) -> None:
        self.accept("type")
        names = self._names()
        if self.accept("from"):
            source = _module_name(self.string())
            module.reexports.update({exported: (source, there) for there, exported in names})
        else:
            module.exports.update({exported: local for local, exported in names})

    def _names(self) -> list[tuple[str, str]]:
        """Read `{ a, b as c }`; return each name with the one that it gets."""
        self.expect("{")
        names: list[tuple[str, str]] = []
        while not self.accept("}"):
            name = self.name()
            names.append((name, self.name() if self.accept("as") else name))
            if not self.at("}"):
                self.expect(",")
        return names

    def _declare(self, module: Module) -> Declaration:
        self.accept("declare")
        declaration = self._declaration()
        if declaration.name in module.declarations:
            raise self.error(f"{declaration.name} is declared twice, before")
        module.declarations[declaration.name] = declaration
        return declaration

    def _declaration(self) -> Declaration:
        if self.accept("type"):
            return self._alias()
        self.accept("abstract")
        if self.accept("interface") or self.accept("class"):
            return self._class()
        if self.accept("const"):
            name = self.name()
            self.expect(":")
            return Value(name, self.type())
        if self.accept("function"):
            return self._function_value()
        raise self.error("expected a declaration")

    def _alias(self) -> Alias:
        name = self.name()
        type_parameters = self.type_parameters()
        self.expect("=")
        return Alias(name, type_parameters, self.type())

    def _class(self) -> Class:
        name = self.name()
        type_parameters = self.type_parameters()
        bases = self._types_after("extends")
        # What a class implements is an interface that is looked at itself.
        self._types_after("implements")
        return Class(name, type_parameters, bases, self.object())

    def _types_after(self, keyword: str) -> tuple[Type, ...]:
        types: list[Type] = []
        if self.accept(keyword):
            types.append(self.type())
            while self.accept(","):
                types.append(self.type())
        return tuple(types)

    def _function_value(self) -> Value:
        name = self.name()
        type_parameters = self.type_parameters()
        parameters = self.parameters()
        result: Type = self.type() if self.accept(":") else Reference("void")
        return Value(name, Function(parameters, result, type_parameters))


def _module_name(path: str) -> str:
    """Return the name of a file of this folder, or `npm:` and the path of something else."""
    return path.removeprefix("./") if path.startswith("./") else f"npm:{path}"
