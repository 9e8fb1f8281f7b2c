// A heading's button sorts its table: numbers from the highest, names from A, what is lacking last;
// once more, the other way round. Without this script the page is whole, in its own order.
for (const button of document.querySelectorAll(".table th > button")) {
  const heading = button.parentElement;
  const table = heading.closest("table");
  table.classList.add("sortable");
  heading.setAttribute("aria-sort", "none");
  button.addEventListener("click", () => {
    const place = heading.cellIndex;
    const rows = [...table.tBodies[0].rows];
    const valueOf = (row) => row.cells[place].dataset.value;
    const numeric = rows.some((row) => valueOf(row) !== undefined);
    const [first, second] = numeric ? ["descending", "ascending"] : ["ascending", "descending"];
    const order = heading.getAttribute("aria-sort") === first ? second : first;
    for (const other of heading.parentElement.cells) other.setAttribute("aria-sort", "none");
    heading.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    rows.sort((left, right) => {
      const a = valueOf(left), b = valueOf(right);
      if (!numeric) return sign * left.cells[place].textContent.localeCompare(right.cells[place].textContent);
      if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
      return sign * (a - b);
    });
    table.tBodies[0].append(...rows);
  });
}
