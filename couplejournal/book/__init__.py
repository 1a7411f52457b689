"""One membership, its streams, its replica: append operations, hand out verified ones.

Stands after store and before drive. Rules that a reader may rely on: what `Book.append` returned from is on the disk;
no number of a stream is used twice, by however many processes; nothing from outside is stored or applied before it is
proved; two histories of one device are both kept, and nothing stops the writing. Spec: docs/spec/format.md 3 to 5, 10.
"""

from couplejournal.book.acks import Acknowledged
from couplejournal.book.book import Book
from couplejournal.book.values import Gap, Held, Later, Notice, Run, Taken, Verdict
from couplejournal.book.writing import Draft

__all__ = ["Acknowledged", "Book", "Draft", "Gap", "Held", "Later", "Notice", "Run", "Taken", "Verdict"]
