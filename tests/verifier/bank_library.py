"""Write down the small bank's library release by hand, from the specification."""

from __future__ import annotations

from typing import Any

ACTIVITY_BP = {1: 200, 2: 500, 3: 1000, 4: 2000, 5: 4000}
FACTOR_BP = 500
RESIDUAL = "0.5856"


def name(text: str) -> dict[str, str]:
    return {"en": text, "zh": text}


def library() -> dict[str, Any]:
    def unit(code: str, dimension: str, numerator: str, denominator: str = "1", *aliases: str) -> dict[str, Any]:
        return {"code": code, "aliases": list(aliases), "dimension": dimension, "numerator": numerator, "denominator": denominator}

    def factor(id: str, kind: str, carrier: str, unit: str, basis: str, **other: Any) -> dict[str, Any]:
        form = next(form for form, content in (("fuel", "fuel"), ("blend", "blend"), ("direct", "value")) if content in other)
        return {
            "id": id,
            "name": name(id),
            "kind": kind,
            "carrier": carrier,
            "guide": None,
            "form": form,
            "value": other.get("value"),
            "fuel": other.get("fuel"),
            "blend": other.get("blend"),
            "unit": unit,
            "basis": basis,
            "region": other.get("region", "CN"),
            "data_year": 2022,
            "document": "d1",
            "clause": None,
            "valid_from": None,
            "valid_to": None,
            "supersedes": None,
            "owner": other.get("owner"),
            "uncertainty_bp": other.get("uncertainty_bp"),
            "confidence": "V",
            "source_sha256": None,
        }

    def indicator(id: str, scope: int, dimension: str, carrier: str, *kinds: str, market: tuple[str, ...] = ()) -> dict[str, Any]:
        return {
            "id": id,
            "name": name(id),
            "scope": scope,
            "dimension": dimension,
            "carrier": carrier,
            "factor_kinds": list(kinds),
            "market_kinds": list(market),
            "group": "g",
        }

    def selected(indicator: str, factor: str, region: str = "*", year: int | None = None, use: str = "location") -> dict[str, Any]:
        return {"indicator": indicator, "use": use, "region": region, "year": year, "factor": factor}

    gas = {"per": "m3", "ncv_mj": "38.931", "density": None, "carbon": "15.3", "oxidation": "0.99", "ch4": "1", "n2o": "0.1"}
    petrol = {"per": "kg", "ncv_mj": "44.8", "density": "0.73", "carbon": "18.9", "oxidation": "0.98", "ch4": "3.8", "n2o": "5.7"}
    r410a = [{"gas": "R-125", "share": "0.5"}, {"gas": "R-32", "share": "0.5"}]
    return {
        "schema": "lingtan.library/1",
        "release": "2025.1",
        "valid_from": "2025-01-01",
        "supersedes": None,
        "methods": ["operational_1"],
        "policies": {
            "max_lag_years": 2,
            "base_year_threshold_bp": 500,
            "jump_bp": 3000,
            "activity_uncertainty_bp": {str(quality): bp for quality, bp in ACTIVITY_BP.items()},
            "factor_uncertainty_bp": {"V": FACTOR_BP, "X": 700, "S": 1500, "M": 3000},
        },
        "documents": [{"id": "d1", "title": "t", "number": None, "issuer": None, "published": None, "sha256": None}],
        "units": [
            unit("L", "liquid", "1"),
            unit("MWh", "electricity", "1000"),
            unit("kWh", "electricity", "1", "1", "度"),
            unit("kg", "mass", "1"),
            unit("m3", "volume", "1"),
            unit("t", "mass", "1000"),
            unit("万m3", "volume", "10000"),
        ],
        "gwp_sets": [
            {
                "id": "AR5",
                "values": {"CO2": "1", "CH4": "28", "N2O": "265", "R-125": "3170", "R-32": "677"},
                "source": "IPCC",
                "confidence": "V",
            },
            {
                "id": "AR6",
                "values": {"CO2": "1", "CH4": "29.8", "N2O": "273", "R-125": "3740", "R-32": "771"},
                "source": "IPCC",
                "confidence": "V",
            },
        ],
        "indicators": [
            indicator("electricity.purchased", 2, "electricity", "electricity", "grid_average", market=("grid_residual", "supplier")),
            indicator("fuel.petrol", 1, "liquid", "petrol", "fuel_per_gas"),
            indicator("gas.natural", 1, "volume", "natural_gas", "fuel_per_gas"),
            indicator("refrigerant.topup", 1, "mass", "r410a", "refrigerant"),
            indicator("water.supply", 3, "volume", "water", "water"),
        ],
        "factors": [
            factor("gas-ndrc", "fuel_per_gas", "natural_gas", "kgCO2e/m3", "CO2e", fuel=gas),
            factor("grid-cn-2022", "grid_average", "electricity", "kgCO2/kWh", "CO2", value="0.5366"),
            factor("grid-om", "grid_om", "electricity", "kgCO2/kWh", "CO2", value="0.7921"),
            factor("grid-zj-2022", "grid_average", "electricity", "kgCO2/kWh", "CO2", value="0.5153", region="CN-ZJ"),
            factor("petrol-ndrc", "fuel_per_gas", "petrol", "kgCO2e/kg", "CO2e", fuel=petrol),
            factor("r410a-blend", "refrigerant", "r410a", "kgCO2e/kg", "CO2e", blend=r410a),
            factor("residual-cn", "grid_residual", "electricity", "kgCO2/kWh", "CO2", value=RESIDUAL),
            factor("water-supply", "water", "water", "kgCO2e/m3", "CO2e", value="0.168", uncertainty_bp=4000),
        ],
        "selections": [
            selected("electricity.purchased", "grid-zj-2022", "CN-SH"),
            selected("electricity.purchased", "grid-cn-2022", "*", 2025),
            selected("fuel.petrol", "petrol-ndrc"),
            selected("gas.natural", "gas-ndrc"),
            selected("refrigerant.topup", "r410a-blend"),
            selected("water.supply", "water-supply"),
            selected("electricity.purchased", "residual-cn", use="market"),
        ],
        "templates": [
            {
                "id": "table-1",
                "title": name("Table 1"),
                "document": "d1",
                "rows": [
                    {
                        "id": "water",
                        "group": name("water"),
                        "name": name("office water"),
                        "unit": "m3",
                        "indicators": ["water.supply"],
                        "show": "quantity",
                    }
                ],
            }
        ],
        "target_profiles": [
            {
                "id": "28-58",
                "name": name("28·58"),
                "peak_by": 2028,
                "operations_neutral_by": 2058,
                "financed_neutral_by": 2058,
                "document": None,
            }
        ],
    }
