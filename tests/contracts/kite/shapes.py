"""The fields of Kite's answers and what stands in them, written down after its documentation.

`NUMBER`: an integer or a float. A tuple of types allows any of them; `NONE` is JSON's null.
"""

from __future__ import annotations

from typing import Any

NONE = type(None)
NUMBER = (int, float)
TEXT = (str,)
WHOLE = (int,)
MAYBE_TEXT = (str, NONE)
STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"

ORDER = {
    **dict.fromkeys(("placed_by", "account_id", "order_id", "status", "variety"), TEXT),
    **dict.fromkeys(("exchange", "tradingsymbol", "order_type", "transaction_type"), TEXT),
    **dict.fromkeys(("validity", "product", "guid", "order_timestamp"), TEXT),
    **dict.fromkeys(("exchange_order_id", "parent_order_id", "status_message"), MAYBE_TEXT),
    **dict.fromkeys(("status_message_raw", "exchange_timestamp", "tag"), MAYBE_TEXT),
    **dict.fromkeys(("exchange_update_timestamp", "auction_number"), MAYBE_TEXT),
    **dict.fromkeys(("instrument_token", "quantity", "disclosed_quantity"), WHOLE),
    **dict.fromkeys(("filled_quantity", "pending_quantity", "cancelled_quantity"), WHOLE),
    **dict.fromkeys(("price", "trigger_price", "average_price", "market_protection"), NUMBER),
    "validity_ttl": WHOLE,
    "modified": (bool,),
    "meta": (dict,),
}
TRADE = {
    **dict.fromkeys(("trade_id", "order_id", "exchange_order_id", "exchange"), TEXT),
    **dict.fromkeys(("tradingsymbol", "product", "transaction_type"), TEXT),
    **dict.fromkeys(("fill_timestamp", "order_timestamp", "exchange_timestamp"), TEXT),
    **dict.fromkeys(("instrument_token", "quantity"), WHOLE),
    "average_price": NUMBER,
}
_SIDES = [f"{side}_{what}" for side in ("buy", "sell") for what in ("price", "value", "m2m")]
_DAY_SIDES = [f"day_{side}_{what}" for side in ("buy", "sell") for what in ("price", "value")]
POSITION = {
    **dict.fromkeys(("tradingsymbol", "exchange", "product"), TEXT),
    **dict.fromkeys(("instrument_token", "quantity", "overnight_quantity", "multiplier"), WHOLE),
    **dict.fromkeys(("average_price", "close_price", "last_price", "value", "pnl"), NUMBER),
    **dict.fromkeys(("m2m", "unrealised", "realised", *_SIDES, *_DAY_SIDES), NUMBER),
    **dict.fromkeys(("buy_quantity", "sell_quantity"), WHOLE),
    **dict.fromkeys(("day_buy_quantity", "day_sell_quantity"), WHOLE),
}
HOLDING = {
    **dict.fromkeys(("tradingsymbol", "exchange", "isin", "product", "collateral_type"), TEXT),
    **dict.fromkeys(("instrument_token", "quantity", "used_quantity", "t1_quantity"), WHOLE),
    **dict.fromkeys(("realised_quantity", "authorised_quantity", "opening_quantity"), WHOLE),
    **dict.fromkeys(("short_quantity", "collateral_quantity"), WHOLE),
    **dict.fromkeys(("price", "average_price", "last_price", "close_price", "pnl"), NUMBER),
    **dict.fromkeys(("day_change", "day_change_percentage"), NUMBER),
    "authorised_date": TEXT,
    "authorisation": (dict,),
    "discrepancy": (bool,),
    "mtf": (dict,),
}
PROFILE = {
    **dict.fromkeys(("user_id", "user_type", "email", "user_name", "user_shortname"), TEXT),
    "broker": TEXT,
    **dict.fromkeys(("exchanges", "products", "order_types"), (list,)),
    "avatar_url": MAYBE_TEXT,
    "meta": (dict,),
}
SESSION = {
    **PROFILE,
    **dict.fromkeys(("api_key", "access_token", "public_token", "enctoken"), TEXT),
    **dict.fromkeys(("refresh_token", "silo", "login_time"), TEXT),
}
_AVAILABLE = ("adhoc_margin", "cash", "opening_balance", "live_balance", "collateral")
_UTILISED = (
    *("debits", "exposure", "m2m_realised", "m2m_unrealised", "option_premium", "payout"),
    *("span", "holding_sales", "turnover", "liquid_collateral", "stock_collateral", "delivery"),
)
FUNDS = {
    "enabled": (bool,),
    "net": NUMBER,
    "available": dict.fromkeys((*_AVAILABLE, "intraday_payin"), NUMBER),
    "utilised": dict.fromkeys(_UTILISED, NUMBER),
}
QUOTE = {
    **dict.fromkeys(("instrument_token", "last_quantity", "buy_quantity"), WHOLE),
    **dict.fromkeys(("sell_quantity", "volume"), WHOLE),
    **dict.fromkeys(("last_price", "average_price", "oi", "oi_day_high", "oi_day_low"), NUMBER),
    **dict.fromkeys(("net_change", "lower_circuit_limit", "upper_circuit_limit"), NUMBER),
    **dict.fromkeys(("timestamp", "last_trade_time"), MAYBE_TEXT),
    "ohlc": dict.fromkeys(("open", "high", "low", "close"), NUMBER),
    "depth": {"buy": (list,), "sell": (list,)},
}
LEVEL = {"price": NUMBER, "quantity": WHOLE, "orders": WHOLE}
CHARGES = {
    "transaction_tax": NUMBER,
    "transaction_tax_type": TEXT,
    **dict.fromkeys(("exchange_turnover_charge", "sebi_turnover_charge", "brokerage"), NUMBER),
    **dict.fromkeys(("stamp_duty", "total"), NUMBER),
    "gst": dict.fromkeys(("igst", "cgst", "sgst", "total"), NUMBER),
}
MARGIN = {
    **dict.fromkeys(("type", "tradingsymbol", "exchange"), TEXT),
    **dict.fromkeys(("span", "exposure", "option_premium", "additional", "bo", "cash"), NUMBER),
    **dict.fromkeys(("var", "leverage", "total"), NUMBER),
    "pnl": {"realised": NUMBER, "unrealised": NUMBER},
    "charges": CHARGES,
}
NOTE = {
    **dict.fromkeys(("transaction_type", "tradingsymbol", "exchange", "variety"), TEXT),
    **dict.fromkeys(("product", "order_type"), TEXT),
    "quantity": WHOLE,
    "price": NUMBER,
    "charges": CHARGES,
}
TRIGGER = {
    "id": WHOLE,
    **dict.fromkeys(("user_id", "type", "created_at", "updated_at", "expires_at"), TEXT),
    "status": TEXT,
    "parent_trigger": (NONE, int),
    "condition": {
        "exchange": TEXT,
        "tradingsymbol": TEXT,
        "trigger_values": (list,),
        "last_price": NUMBER,
        "instrument_token": WHOLE,
    },
    "orders": (list,),
    "meta": (dict, NONE),
}


def differences(told: Any, shape: dict[str, Any], where: str = "") -> list[str]:
    """Return what in an answer has another form than its shape; `tags` may stand anywhere."""
    if not isinstance(told, dict):
        return [f"{where or 'answer'}: {told!r} is no object"]
    found = [f"{where}{name}: missing" for name in shape if name not in told]
    found += [f"{where}{name}: unknown" for name in told if name not in shape and name != "tags"]
    for name, types in shape.items():
        if name not in told:
            continue
        value = told[name]
        if isinstance(types, dict):
            found += differences(value, types, f"{where}{name}.")
        elif type(value) not in types:
            found.append(f"{where}{name}: {value!r}")
    return found
