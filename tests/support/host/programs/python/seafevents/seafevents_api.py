"""What Seahub imports."""

from .app.config import get_config as get_config
from .db import init_db_session_class as init_db_session_class
