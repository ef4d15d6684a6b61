"""How a marketing list's synchronisation stands, in words that more than one place looks for."""

# Its address book does not exist any more; activating the list again gives it another one.
NO_BOOK = "Not found in email service"
