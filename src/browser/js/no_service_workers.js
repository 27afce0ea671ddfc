// Pages register no service workers: `serviceWorkers: 'block'`.
if (globalThis.ServiceWorkerContainer) {
  ServiceWorkerContainer.prototype.register = async () => { console.warn('Service Worker registration blocked by understudy'); };
}
//# sourceURL=understudy:no_service_workers.js
