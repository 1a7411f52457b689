"""One membership, its streams, its replica: append operations, hand out verified ones.

Stands after store and before drive. Rules that a reader may rely on: what `Book.append` returned from is on the disk;
no number of a stream is used twice, by however many processes; nothing from outside is stored or applied before it is
proved, and nothing that contradicts what is held. Spec: docs/spec/format.md 3 to 5.
"""

from couplejournal.book.acks import Acknowledged
from couplejournal.book.book import Book
from couplejournal.book.values import Gap, Held, Taken, Verdict
from couplejournal.book.writing import Draft

__all__ = ["Acknowledged", "Book", "Draft", "Gap", "Held", "Taken", "Verdict"]
