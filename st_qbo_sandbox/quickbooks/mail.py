"""E-mailing and printing documents.

Belongs here: what `/send` and `/pdf` do to a document. Does not belong here: real mail.
"""

from __future__ import annotations

from st_qbo_sandbox.quickbooks.books import Body
from st_qbo_sandbox.quickbooks.catalog import Entity
from st_qbo_sandbox.quickbooks.faults import Fault, missing
from st_qbo_sandbox.quickbooks.operations import Operations
from st_qbo_sandbox.quickbooks.work import Work


def send_document(operations: Operations, entity: Entity, id: str, send_to: str | None) -> Body:
    """Mark a document as e-mailed, to its own address or to `send_to`.

    Raises:
        Fault: 610 for an unknown document, 2020 without an address.
    """
    operations.read(entity, id)
    work = Work(operations.books)
    doc = work.open(entity.name, id)
    field = "POEmail" if entity.name == "PurchaseOrder" else "BillEmail"
    if send_to:
        doc[field] = {"Address": send_to}
    if entity.name != "Payment" and field not in doc:
        raise Fault(missing(field))
    doc["EmailStatus"] = "EmailSent"
    doc["DeliveryInfo"] = {"DeliveryType": "Email", "DeliveryTime": operations.books.stamp()}
    work.put(entity.name, doc)
    work.commit()
    return operations.read(entity, id)


def print_document(operations: Operations, entity: Entity, id: str) -> Body:
    """Mark a document as printed."""
    work = Work(operations.books)
    doc = work.open(entity.name, id)
    doc["PrintStatus"] = "PrintComplete"
    work.put(entity.name, doc)
    work.commit()
    return operations.read(entity, id)


def pdf_of(name: str, doc: Body) -> bytes:
    """Return a very small PDF with the number and total of a document."""
    line = f"{name} {doc.get('DocNumber', doc['Id'])}  total {doc.get('TotalAmt', 0)}"
    safe = line.encode("latin-1", "replace").decode("latin-1").replace("(", "[").replace(")", "]")
    stream = f"BT /F1 14 Tf 72 720 Td ({safe}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        "/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
    ]
    out = "%PDF-1.4\n"
    places: list[int] = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    start = len(out)
    out += f"xref\n0 5\n0000000000 65535 f \n{table}"
    out += f"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n"
    return out.encode("latin-1")
