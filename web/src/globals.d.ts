/** Names that the browser's global object carries for Monaco. */
declare var MonacoEnvironment: { getWorker(moduleId: string, label: string): Worker } | undefined;
