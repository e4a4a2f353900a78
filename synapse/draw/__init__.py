from .network import network
from .style import style
__all__=["network","style"]
