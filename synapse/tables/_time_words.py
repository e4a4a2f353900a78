"""Names of columns of dates, times and their parts."""

DATE_NAMES = frozenset(
    (
        *(
            "date",
            "day",
            "month",
            "quarter",
            "week",
            "year",
            "time",
            "timestamp",
            "datetime",
            "period",
            "ds",
        ),
        *(
            "datum",
            "tag",
            "woche",
            "monat",
            "quartal",
            "jahr",
            "zeit",
            "zeitpunkt",
            "zeitstempel",
        ),
        *(
            "jour",
            "mois",
            "ann\u00e9e",
            "fecha",
            "mes",
            "a\u00f1o",
            "anno",
            "mese",
            "ano",
            "rok",
            "jaar",
        ),
    )
)
"""Names of columns whose numbers, such as 2024, are dates."""
TIME_WORDS = DATE_NAMES | {
    *("yr", "yyyy", "yyyymm", "yyyymmdd", "epoch", "unix", "unixtime", "utc", "ts"),
    *("t", "dt", "hour", "minute", "second", "stunde", "sekunde"),
}
"""Words in the name of a column that say that it has times."""
PARTS = {
    "year": ("year", "yr", "yyyy", "jahr", "ann\u00e9e", "a\u00f1o", "anno", "ano"),
    "quarter": ("quarter", "qtr", "quartal", "trimestre"),
    "month": ("month", "mon", "monat", "mois", "mes", "mese"),
    "week": ("week", "woche", "semaine", "semana"),
    "day": ("day", "tag", "jour", "d\u00eda", "dia", "giorno"),
    "hour": ("hour", "hr", "stunde", "heure", "hora"),
    "minute": ("minute", "min"),
}
"""Names of columns that have a part of a date each."""
PART_NAMES = frozenset(name for names in PARTS.values() for name in names)
