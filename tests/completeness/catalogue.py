"""All services, found by walking the code; each needs a scene or a reason."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from types import ModuleType

import audit
import comms
import core
import crisis
import investors
import portal
import supervision
import templates_mgmt

APPS = (core, audit, investors, templates_mgmt, comms, crisis, supervision, portal)
# Services that live in modules of another name.
ALSO = (
    "audit.export.building", "audit.export.handout", "audit.export.requests", "audit.verify",
    "comms.dryruns.jobs",
    "core.devices", "core.signin", "crisis.criteria.monitors", "crisis.criteria.signals",
    "investors.importing.service", "investors.importing.uploads",
    "portal.selfservice.choices", "portal.selfservice.sessions", "portal.selfservice.signin",
    "templates_mgmt.files.service",
)  # fmt: skip

Act = Callable[[], object]
Scene = Callable[[], Act]
SCENES: dict[str, Scene] = {}


def scene(*names: str) -> Callable[[Scene], Scene]:
    """Registers what prepares the world for the service `names` and returns the call itself."""

    def add(build: Scene) -> Scene:
        for name in names:
            assert name not in SCENES, name
            SCENES[name] = build
        return build

    return add


def modules() -> list[ModuleType]:
    """Every module of services."""
    names = [
        found.name
        for app in APPS
        for found in pkgutil.walk_packages(app.__path__, f"{app.__name__}.")
        if "services" in found.name.split(".")
    ]
    return [importlib.import_module(name) for name in sorted({*names, *ALSO})]


def services() -> dict[str, Callable[..., object]]:
    """Every public function of those modules that can act: it takes `now`, or an `actor`."""
    found = {}
    for module in modules():
        for name, function in vars(module).items():
            if not inspect.isfunction(function) or name.startswith("_"):
                continue
            if inspect.unwrap(function).__module__ != module.__name__:
                continue
            if {"now", "actor"} & inspect.signature(function).parameters.keys():
                found[f"{module.__name__}.{name}"] = function
    return found
