// Whether the page's data lie beside it as scripts (a folder) or are answered by the server; see data.js.
"use strict";
const FROM_FOLDER = false;
