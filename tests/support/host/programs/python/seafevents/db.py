"""The host's database: by seafevents.conf up to 12, by the environment since 13; with the character set that has no
characters of four bytes in all of them."""

from urllib.parse import quote_plus

from sqlalchemy import Integer, String, create_engine
from sqlalchemy.orm import DeclarativeBase, mapped_column, sessionmaker

from seafevents.version import VERSION

if VERSION >= 13:
    from seafevents.app import config as environment


class Base(DeclarativeBase):
    pass


class HostLogin(Base):
    __tablename__ = "HostLogin"

    id = mapped_column(Integer, primary_key=True, autoincrement=True)
    name = mapped_column(String(255), nullable=False)


if VERSION >= 13:

    def create_engine_from_env(db="seahub"):
        assert db == "seahub"
        user, password = environment.MYSQL_DB_USER, quote_plus(environment.MYSQL_DB_PWD)
        place = f"{environment.MYSQL_DB_HOST}:{environment.MYSQL_DB_PORT}"
        return _engine(f"mysql+pymysql://{user}:{password}@{place}/{environment.MYSQL_SEAHUB_DB_NAME}")

    def init_db_session_class(db="seahub"):
        return sessionmaker(bind=create_engine_from_env(db=db))

    def create_db_tables():
        _create(create_engine_from_env())

else:

    def create_engine_from_conf(config, db="seafevent"):
        assert (db, config.get("DATABASE", "type")) == ("seafevent", "mysql")
        user, password = config.get("DATABASE", "username"), quote_plus(config.get("DATABASE", "password"))
        place = f"{config.get('DATABASE', 'host').lower()}:{config.getint('DATABASE', 'port', fallback=3306)}"
        return _engine(f"mysql+pymysql://{user}:{password}@{place}/{config.get('DATABASE', 'name')}")

    def init_db_session_class(config, db="seafevent"):
        return sessionmaker(bind=create_engine_from_conf(config, db))

    def create_db_tables(config):
        _create(create_engine_from_conf(config))


def _engine(url):
    return create_engine(f"{url}?charset=utf8", pool_recycle=300)


def _create(engine):
    try:
        Base.metadata.create_all(engine)
    except Exception as error:
        raise RuntimeError("Failed to create database tables") from error
    engine.dispose()
