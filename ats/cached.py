"""How values lie in the shared cache."""

import json


class AsJSON:
    """Django would pickle them, and whoever can write to Redis could then run code in every process that reads."""

    dumps = staticmethod(json.dumps)
    loads = staticmethod(json.loads)
