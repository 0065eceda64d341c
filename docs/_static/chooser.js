// Shows the chosen implementation in each column, and keeps the pair in the address.
document.addEventListener("DOMContentLoaded", () => {
  const selects = document.querySelectorAll(".tfmxbench-chooser select");
  const show = (select) => {
    const panels = `.tfmxbench-column[data-column="${select.dataset.column}"] .tfmxbench-panel`;
    for (const panel of select.closest(".tfmxbench-chooser").querySelectorAll(panels)) {
      panel.hidden = panel.dataset.style !== select.value;
    }
  };
  const parameters = new URLSearchParams(window.location.search);
  const names = ["first", "second"];
  selects.forEach((select, number) => {
    const style = parameters.get(names[number]);
    if ([...select.options].some((option) => option.value === style)) {
      select.value = style;
    }
    show(select);
    select.addEventListener("change", () => {
      show(select);
      const address = new URL(window.location.href);
      selects.forEach((item, position) => address.searchParams.set(names[position], item.value));
      window.history.replaceState(null, "", address);
    });
  });
});
