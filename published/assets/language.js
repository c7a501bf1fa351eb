// Russian beside the English of the portal, for those who switch it on; at first the browser's language decides.
// Quotations and data stay as they are. A classic script, so that it runs from disk.
(function () {
  "use strict";

  var WORDS = {
    "About these data": "Об этих данных", "All releases": "Все выпуски", "Change": "Изменение", "Changes": "Изменения",
    "Check": "Проверка", "Cite it": "Как цитировать", "Code to load it": "Код для загрузки", "Columns": "Столбцы",
    "Compare releases": "Сравнение выпусков", "Contact": "Контакт", "Countries": "Страны", "Data": "Данные", "Date": "Дата",
    "Digest": "Контрольная сумма", "Download": "Скачать", "Example": "Пример", "File": "Файл", "Home": "Главная",
    "Keywords": "Ключевые слова", "Language": "Язык", "Licence": "Лицензия", "Meaning": "Значение",
    "Page not found": "Страница не найдена", "Period": "Период", "Projects": "Проекты", "Publisher": "Издатель",
    "Regions": "Регионы", "Releases": "Выпуски", "Row": "Строка", "Rows": "Строки", "Search": "Поиск", "Source": "Источник",
    "Sources": "Источники", "Table": "Таблица", "Tables": "Таблицы", "Themes": "Темы", "Type": "Тип",
    "Updates": "Обновления", "Validation": "Проверка", "Values": "Значения", "Verify it": "Как проверить", "Version": "Версия"
  };
  var KEY = "cbrn-data-russian";
  var button = document.getElementById("language");

  function remembered() {
    try { return localStorage.getItem(KEY); } catch (error) { return null; }
  }

  function remember(on) {
    try { localStorage.setItem(KEY, on ? "on" : "off"); } catch (error) { /* a browser may forbid it */ }
  }

  // Words of the portal that have no label on the page get one, once.
  function complete() {
    document.querySelectorAll("nav a, h1, h2, th[scope=col], dt").forEach(function (place) {
      var word = WORDS[place.textContent.trim()];
      if (!word || place.querySelector(".also, button")) return;
      var label = document.createElement("span");
      label.className = "also";
      label.lang = "ru";
      label.textContent = word;
      place.append(" ", label);
    });
  }

  function set(on) {
    if (on) complete();
    document.documentElement.classList.toggle("russian", on);
    button.setAttribute("aria-pressed", String(on));
  }

  var first = remembered();
  var on = first ? first === "on" : /^ru\b/i.test(navigator.language || "");
  button.hidden = false;
  button.addEventListener("click", function () { on = !on; remember(on); set(on); });
  set(on);
})();
