"""What can be done anywhere in the console: going about, grids, choices, texts, dialogs."""

from __future__ import annotations

from dyntui.service.contract.actions import Action, Scope, Section
from dyntui.service.contract.situations import at_top, quit_at_top, trouble

ON_EVERYWHERE = Scope("Everywhere")
ON_GRID = Scope("In a grid")
ON_ROWS = Scope("In the grid of a screen")
ON_FILTER = Scope("While filtering")
ON_CHOICES = Scope("In a chart or a list of choices")
ON_TEXT = Scope("In a text")
ON_HOME = Scope("Home")
ON_PICKER = Scope("Choosing")
ON_DIALOG = Scope("In a dialog")
ON_OVER = Scope("In a dialog or the palette")
ON_QUESTION = Scope("In a question")
ON_FIELD = Scope("In a field")
ON_ERROR = Scope("Error")

SECTION = Section("home", title="Home", short="Home", tooltip="Status, active runs and first steps")


ACTIONS = (
    Action(
        id="app.back",
        title="Back",
        scopes=(ON_EVERYWHERE,),
        keys=("escape",),
        hint="Back",
        palette=False,
        tooltip="One step out; on a top-level screen there is nothing to leave",
    ),
    Action(
        id="app.refresh", title="Refresh", scopes=(ON_EVERYWHERE,), keys=("r", "f5"), tooltip="Ask the service again"
    ),
    Action(
        id="app.trouble",
        title="What went wrong",
        scopes=(ON_EVERYWHERE,),
        keys=("e",),
        tooltip="What could not be read, what was not done, and what to do",
        rule=trouble,
    ),
    Action(
        id="app.palette",
        title="Commands",
        scopes=(ON_EVERYWHERE,),
        keys=("colon", "ctrl+p"),
        hint="Commands",
        palette=False,
        tooltip="Every command by name, those about the selected row first",
    ),
    Action(
        id="app.help",
        title="Help",
        scopes=(ON_EVERYWHERE,),
        keys=("question_mark", "f1"),
        hint="Help",
        tooltip="The keys that work here, and what they do",
    ),
    Action(
        id="app.jump",
        title="Jump",
        scopes=(ON_EVERYWHERE,),
        keys=("semicolon",),
        tooltip="A letter on whatever can have the focus; the letter moves it there",
    ),
    Action(
        id="app.theme",
        title="Next theme",
        scopes=(ON_EVERYWHERE,),
        tooltip="Dark, light, and the terminal's own colours",
    ),
    Action(
        id="app.screenshot", title="Save a screenshot", scopes=(ON_EVERYWHERE,), tooltip="The screen as an SVG file"
    ),
    Action(
        id="app.quit",
        title="Quit",
        scopes=(ON_EVERYWHERE, ON_OVER),
        keys=("f10", "ctrl+q"),
        tooltip="Asks first; runs go on in the service",
    ),
    Action(
        id="app.quit_at_top",
        title="Quit",
        scopes=(ON_EVERYWHERE,),
        keys=("q",),
        hint="Quit",
        hinted=at_top,
        palette=False,
        tooltip="The same, on a top-level screen: a q too many further down does nothing",
        rule=quit_at_top,
    ),
    Action(
        id="app.suspend",
        title="Back to the shell",
        scopes=(ON_EVERYWHERE, ON_OVER),
        keys=("ctrl+z",),
        tooltip="The console waits; `fg` brings it back, and runs go on meanwhile",
    ),
    Action(id="grid.up", title="Up", scopes=(ON_GRID,), keys=("k", "up"), palette=False),
    Action(id="grid.down", title="Down", scopes=(ON_GRID,), keys=("j", "down"), palette=False),
    Action(id="grid.page_up", title="Page up", scopes=(ON_GRID,), keys=("ctrl+u", "pageup"), palette=False),
    Action(id="grid.page_down", title="Page down", scopes=(ON_GRID,), keys=("ctrl+d", "pagedown"), palette=False),
    Action(id="grid.first", title="First row", scopes=(ON_GRID,), keys=("g", "home"), palette=False),
    Action(id="grid.last", title="Last row", scopes=(ON_GRID,), keys=("G", "end"), palette=False),
    Action(id="grid.previous_view", title="View to the left", scopes=(ON_GRID,), keys=("h", "left"), palette=False),
    Action(id="grid.next_view", title="View to the right", scopes=(ON_GRID,), keys=("l", "right"), palette=False),
    Action(id="grid.open", title="Open", scopes=(ON_GRID,), keys=("enter",), hint="Open", row=True, palette=False),
    Action(
        id="grid.wider",
        title="Wider column",
        scopes=(ON_GRID,),
        keys=("greater_than_sign",),
        tooltip="The column that the rows are sorted by, else the first one; it is remembered",
    ),
    Action(
        id="grid.narrower",
        title="Narrower column",
        scopes=(ON_GRID,),
        keys=("less_than_sign",),
        tooltip="The same column",
    ),
    Action(
        id="grid.usual_widths",
        title="Columns as wide as usual",
        scopes=(ON_GRID,),
        tooltip="Takes back what was made wider or narrower",
    ),
    Action(
        id="grid.mark", title="Mark", scopes=(ON_GRID,), keys=("space",), row=True, tooltip="Marks or unmarks the row"
    ),
    Action(
        id="grid.filter",
        title="Filter",
        scopes=(ON_GRID,),
        keys=("slash",),
        hint="Filter",
        tooltip="Filters as you type",
    ),
    Action(
        id="grid.sort",
        title="Sort by the next column",
        scopes=(ON_GRID,),
        keys=("o",),
        tooltip="Moves to the next column",
    ),
    Action(id="grid.reverse", title="Reverse the order", scopes=(ON_GRID,), keys=("O",)),
    Action(
        id="grid.copy",
        title="Copy",
        scopes=(ON_GRID,),
        keys=("y",),
        row=True,
        tooltip="Sends the row, or the marked rows, to your terminal's clipboard",
    ),
    Action(
        id="rows.export",
        title="Export to a file",
        scopes=(ON_ROWS,),
        keys=("X",),
        hint="Export",
        command="dyntui audit export RUN --out FILE",
        tooltip="The marked rows, or all that the grid lists: CSV, JSON or an Excel workbook; asks where to first",
    ),
    Action(id="filter.done", title="To the rows", scopes=(ON_FILTER,), keys=("enter",), palette=False, hint="Rows"),
    Action(id="filter.keep", title="To the rows as well", scopes=(ON_FILTER,), keys=("down",), palette=False),
    Action(
        id="filter.clear", title="Clear the filter", scopes=(ON_FILTER,), keys=("escape",), palette=False, hint="Clear"
    ),
    Action(id="choices.up", title="Up", scopes=(ON_CHOICES,), keys=("k", "up"), palette=False),
    Action(id="choices.down", title="Down", scopes=(ON_CHOICES,), keys=("j", "down"), palette=False),
    Action(id="choices.first", title="First", scopes=(ON_CHOICES,), keys=("g", "home"), palette=False),
    Action(id="choices.last", title="Last", scopes=(ON_CHOICES,), keys=("G", "end"), palette=False),
    Action(
        id="choices.open", title="Open", scopes=(ON_CHOICES,), keys=("enter",), hint="Open", row=True, palette=False
    ),
    Action(id="text.up", title="Up", scopes=(ON_TEXT,), keys=("k", "up"), palette=False),
    Action(id="text.down", title="Down", scopes=(ON_TEXT,), keys=("j", "down"), palette=False),
    Action(id="text.page_up", title="Page up", scopes=(ON_TEXT,), keys=("ctrl+u", "pageup"), palette=False),
    Action(id="text.page_down", title="Page down", scopes=(ON_TEXT,), keys=("ctrl+d", "pagedown"), palette=False),
    Action(id="text.first", title="Top", scopes=(ON_TEXT,), keys=("g", "home"), palette=False),
    Action(id="text.last", title="End", scopes=(ON_TEXT,), keys=("G", "end"), palette=False),
    Action(id="picker.done", title="Take the choice", scopes=(ON_PICKER,), keys=("enter",), hint="Take", palette=False),
    Action(id="dialog.yes", title="Yes", scopes=(ON_QUESTION,), keys=("y",), hint="Yes", palette=False),
    Action(id="dialog.no", title="No", scopes=(ON_QUESTION,), keys=("n",), hint="No", palette=False),
    Action(id="dialog.close", title="Close", scopes=(ON_DIALOG,), keys=("escape",), hint="Close", palette=False),
    Action(id="dialog.left", title="Button to the left", scopes=(ON_DIALOG,), keys=("left",), palette=False),
    Action(id="dialog.right", title="Button to the right", scopes=(ON_DIALOG,), keys=("right",), palette=False),
    Action(
        id="field.take", title="Take what was typed", scopes=(ON_FIELD,), keys=("enter",), hint="Take", palette=False
    ),
    Action(id="field.leave", title="Leave the field", scopes=(ON_FIELD,), keys=("escape",), hint="Back", palette=False),
    Action(id="error.copy", title="Copy the message", scopes=(ON_ERROR,), keys=("y",), hint="Copy", palette=False),
    Action(id="error.close", title="Close", scopes=(ON_ERROR,), keys=("escape", "enter"), hint="Close", palette=False),
)
