from __future__ import annotations

from connector.mapping.read import MappedPage, ReadContext, map_page
from connector.ports.crm import Page, Record
from tests.unit.mapping.conftest import INVOICE, bill, only_feed


def read_twice(text: str, pages: list[tuple[list[Record], list[str]]]) -> list[MappedPage]:
    context = ReadContext("files", "EUR")
    feed = only_feed(text)
    return [map_page(feed, Page(records, wheres=wheres), context) for records, wheres in pages]


def test_the_same_id_twice_in_a_file_is_refused_with_the_first_place() -> None:
    (page, later, other) = read_twice(
        INVOICE,
        [
            ([bill(1), bill(1), bill(1, Amount="7.00")], ["a.csv:2", "a.csv:3", "a.csv:4"]),
            ([bill(1)], ["a.csv:5"]),
            ([bill(1)], ["b.csv:2"]),
        ],
    )
    same, clash = page.problems.column("reason").to_pylist()
    assert same == "id: the same row stands at a.csv:2; it counts once"
    assert clash == "id: the id 'b1' stands at a.csv:2 with other content"
    assert page.rows.num_rows == 1
    assert later.problems.num_rows == 1
    assert other.rows.num_rows == 1


def test_duplicates_are_kept_and_listed_where_the_document_says_so() -> None:
    text = INVOICE.replace("id: Id\n", "id: $row\n    duplicates: keep\n")
    (page,) = read_twice(
        text, [([bill(1), bill(1), bill(2), bill(1)], ["a:2", "a:3", "a:4", "a:5"])]
    )
    first, second, third, fourth = page.rows.column("id").to_pylist()
    assert (second, fourth) == (f"{first}#2", f"{first}#3")
    assert third != first
    assert page.duplicates == (
        f"a:3: the same row as a:2, kept as {first}#2",
        f"a:5: the same row as a:2, kept as {first}#3",
    )
    assert page.ids.to_pylist() == [first, second, third, fourth]


def test_the_id_of_a_row_without_key_follows_its_content_alone() -> None:
    text = INVOICE.replace("id: Id\n", "id: $row\n")
    one, two = read_twice(
        text, [([bill(1)], ["a:2"]), ([dict(reversed(bill(1).items()))], ["b:9"])]
    )
    assert one.ids == two.ids


def test_ids_are_put_together_from_paths_or_columns() -> None:
    paths = INVOICE.replace("id: Id\n", "id: [Customer, Name]\n")
    (page,) = read_twice(paths, [([bill(1), bill(2, Customer="")], ["a:2", "a:3"])])
    assert page.ids.to_pylist() == ["c1|R-1"]
    assert page.unidentified == 1
    columns = INVOICE.replace("id: Id\n", "id_from: [selling_company, number]\n").replace(
        "      disputed:", "      selling_company: Seller\n      disputed:"
    )
    records = [bill(1, Seller="U1"), bill(2), bill(3, Seller="U1", Name="")]
    (page,) = read_twice(columns, [(records, ["a:2", "a:3", "a:4"])])
    assert page.rows.column("id").to_pylist() == ["U1|R-1", "R-2"]
    assert (page.ids.to_pylist(), page.unidentified) == (["U1|R-1", "R-2"], 1)


def test_records_of_an_api_are_not_compared() -> None:
    page = map_page(only_feed(INVOICE), Page([bill(1), bill(1)]), ReadContext("crm", "EUR"))
    assert page.rows.num_rows == 2
    assert page.ids.to_pylist() == ["b1"]
