"""Labels of any form on a ladder of levels (engine ``ladder``): families whose grammar is more than keywords."""
