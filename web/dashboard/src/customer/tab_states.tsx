/** A tab while it loads, and a tab without content. */
export function CardsSkeleton() {
  return (
    <div className="cards" aria-busy="true">
      {[0, 1].map((card) => (
        <div key={card} className="card">
          <div className="skeleton" style={{ width: 160, height: 20 }} />
          <div className="skeleton" style={{ height: 16 }} />
          <div className="skeleton" style={{ height: 48 }} />
        </div>
      ))}
    </div>
  );
}

export function EmptyTab({ title, text, children }: { title: string; text: string; children?: React.ReactNode }) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      <p className="secondary">{text}</p>
      {children}
    </div>
  );
}
