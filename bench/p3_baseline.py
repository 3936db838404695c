"""What P3 is compared with: FastAPI and SQLModel as its tutorial has them, one record a request, one commit a record. Nobody signs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from sqlalchemy import event
from sqlmodel import Field, Session, SQLModel, create_engine


class ReadingBase(SQLModel):
    """A reading as it comes in."""

    meter: str
    timestamp: int
    value: int
    quality: int


class ReadingRow(ReadingBase, table=True):
    """A reading as it is stored."""

    id: int | None = Field(default=None, primary_key=True)


def make_baseline(file: Path) -> FastAPI:
    """Return the application; its SQLite file is as durable as the ledger's."""
    engine = create_engine(f"sqlite:///{file}", connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _durable(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")

    SQLModel.metadata.create_all(engine, tables=[SQLModel.metadata.tables[ReadingRow.__tablename__]])
    app = FastAPI(telemetry={"tracing": False})

    @app.post("/readings", status_code=201)
    def create_reading(reading: ReadingBase) -> ReadingRow:
        with Session(engine) as session:
            row = ReadingRow.model_validate(reading)
            session.add(row)
            session.commit()
            session.refresh(row)
            return row

    return app


def serve_baseline(tell: Callable[[str], object], file: Path, port: int, cores: tuple[int, ...]) -> None:
    """Serve the baseline on these cores; tell when ready."""
    os.sched_setaffinity(0, cores)
    config = uvicorn.Config(make_baseline(file), host="127.0.0.1", port=port, log_level="warning", access_log=False)

    class _Server(uvicorn.Server):
        async def startup(self, *args: Any, **kwargs: Any) -> None:
            await super().startup(*args, **kwargs)
            tell("ready")

    _Server(config).run()
