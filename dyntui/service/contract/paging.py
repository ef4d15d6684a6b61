"""The contract's one window over long listings: that of the store."""

from dyntui.model.paging import Page as Page
from dyntui.model.paging import Window as Window
