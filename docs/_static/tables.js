// Sorts tables by their headings and filters them by words. Without it, the tables are complete but fixed.
document.addEventListener("DOMContentLoaded", () => {
  const root = document.documentElement;
  // The style sheet of DataTables recognises dark mode by this class.
  const follow = () => root.classList.toggle("dark", root.dataset.theme === "dark");
  follow();
  new MutationObserver(follow).observe(root, { attributeFilter: ["data-theme"] });
  for (const table of document.querySelectorAll("table.tfmxbench-sortable")) {
    new window.DataTable(table, {
      paging: false,
      order: [],
      autoWidth: false,
      layout: { topStart: "search", topEnd: "info", bottomStart: null, bottomEnd: null },
      language: { search: "Filter rows:", searchPlaceholder: "words, such as lenet gluon" },
    });
  }
});
