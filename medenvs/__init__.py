"""medenvs: reinforcement-learning environments for medicine. Importing it registers ids with Gymnasium and does nothing else.

Everything is simulated unless a card says otherwise; nothing here is for clinical use.
"""

from medenvs.systems.catalog import register_all

__version__ = "0.1.0"
__all__ = ["__version__"]

register_all()
