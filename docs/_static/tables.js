// Makes tables sortable by their headings and filters them by words; they are whole without it too.
document.addEventListener("DOMContentLoaded", () => {
  const root = document.documentElement;
  // The tables' style sheet knows dark mode by this class.
  const follow = () => root.classList.toggle("dark", root.dataset.theme === "dark");
  follow();
  new MutationObserver(follow).observe(root, { attributeFilter: ["data-theme"] });
  for (const table of document.querySelectorAll("table.tfmxbench-sortable")) {
    new window.tfmxbenchTables.DataTable(table, {
      paging: false,
      order: [],
      autoWidth: false,
      layout: { topStart: "search", topEnd: "info", bottomStart: null, bottomEnd: null },
      language: { search: "Show rows with", searchPlaceholder: "words, such as lenet gluon" },
    });
  }
});
