"""The form in which a new configuration is written: a document, and why it is changed.

Storing it is the business of `trading/services/config_versions.py`.
"""

from __future__ import annotations

import json
import tomllib
from typing import Any

from django import forms

from backoffice.api.parsing import unstorable
from trading.config import ConfigError, document_of, read


class ConfigForm(forms.Form):
    """A document in JSON or TOML; what is cleaned is the whole one, defaults included."""

    document = forms.CharField(
        label="Document (JSON or TOML)",
        strip=False,
        widget=forms.Textarea(
            attrs={"class": "desk-input desk-code", "rows": 32, "spellcheck": "false"}
        ),
        help_text="Keys that are left out keep their defaults; unknown keys are refused.",
    )
    note = forms.CharField(
        max_length=500,
        label="Note",
        widget=forms.TextInput(attrs={"class": "desk-input", "autocomplete": "off"}),
        help_text="Why it is changed; kept with the version for ever.",
    )

    def clean_document(self) -> dict[str, Any]:
        """Return the checked document. Raises `ValidationError` naming the bad key."""
        try:
            return document_of(read(parsed(self.cleaned_data["document"])))
        except (ConfigError, ValueError, TypeError, ArithmeticError) as error:
            raise forms.ValidationError(str(error)) from error


def parsed(text: str) -> dict[str, Any]:
    """Return the document a text tells: JSON where it begins with a brace, else TOML.

    Raises `ConfigError` with the place of what cannot be read.
    """
    try:
        document = _document(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"line {error.lineno}: {error.msg}, expected JSON") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{error}, expected TOML or JSON") from error
    except ValueError as error:
        raise ConfigError(f"a number: {error}, expected fewer digits") from error
    except RecursionError as error:
        raise ConfigError("nested too deeply") from error
    if fault := unstorable(document):
        raise ConfigError(fault)
    return document


def _document(text: str) -> dict[str, Any]:
    if text.lstrip().startswith("{"):
        return dict(json.loads(text, object_pairs_hook=_once))
    return tomllib.loads(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for key, value in pairs:
        if key in document:
            raise ConfigError(f"{key}: written twice, expected once")
        document[key] = value
    return document


def written(document: Any) -> str:
    """Return a document as text to be edited."""
    return json.dumps(document, indent=2, ensure_ascii=False)
