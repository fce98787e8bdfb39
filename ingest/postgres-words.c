#include "postgres-words.h"
#include "db-text.h"
#include "number.h"

static const struct {
  const char *word;
  RcaSeverity severity;
} levels[] = {
  { "LOG", RCA_SEVERITY_INFO },
  { "ERROR", RCA_SEVERITY_ERROR },
  { "FATAL", RCA_SEVERITY_FATAL },
  { "PANIC", RCA_SEVERITY_FATAL },
  { "WARNING", RCA_SEVERITY_WARN },
  { "NOTICE", RCA_SEVERITY_INFO },
  { "INFO", RCA_SEVERITY_INFO },
  { "DEBUG", RCA_SEVERITY_DEBUG },
  { "DEBUG1", RCA_SEVERITY_DEBUG },
  { "DEBUG2", RCA_SEVERITY_DEBUG },
  { "DEBUG3", RCA_SEVERITY_DEBUG },
  { "DEBUG4", RCA_SEVERITY_DEBUG },
  { "DEBUG5", RCA_SEVERITY_DEBUG },
  /* German */
  { "FEHLER", RCA_SEVERITY_ERROR },
  { "WARNUNG", RCA_SEVERITY_WARN },
  { "HINWEIS", RCA_SEVERITY_INFO },
  { "PANIK", RCA_SEVERITY_FATAL },
  /* French */
  { "ERREUR", RCA_SEVERITY_ERROR },
  { "ATTENTION", RCA_SEVERITY_WARN },
  /* Italian */
  { "ERRORE", RCA_SEVERITY_ERROR },
  { "ATTENZIONE", RCA_SEVERITY_WARN },
  { "FATALE", RCA_SEVERITY_FATAL },
  { "PANICO", RCA_SEVERITY_FATAL },
  { "NOTIFICA", RCA_SEVERITY_INFO },
  /* Spanish, Portuguese */
  { "ADVERTENCIA", RCA_SEVERITY_WARN },
  { "PÁNICO", RCA_SEVERITY_FATAL },
  { "ERRO", RCA_SEVERITY_ERROR },
  { "AVISO", RCA_SEVERITY_WARN },
  { "PÂNICO", RCA_SEVERITY_FATAL },
  { "NOTA", RCA_SEVERITY_INFO },
  /* Swedish, Turkish, Czech, Polish */
  { "FEL", RCA_SEVERITY_ERROR },
  { "VARNING", RCA_SEVERITY_WARN },
  { "LOGG", RCA_SEVERITY_INFO },
  { "FATALT", RCA_SEVERITY_FATAL },
  { "HATA", RCA_SEVERITY_ERROR },
  { "UYARI", RCA_SEVERITY_WARN },
  { "ÖLÜMCÜL (FATAL)", RCA_SEVERITY_FATAL },
  { "CHYBA", RCA_SEVERITY_ERROR },
  { "VAROVÁNÍ", RCA_SEVERITY_WARN },
  { "BŁĄD", RCA_SEVERITY_ERROR },
  { "OSTRZEŻENIE", RCA_SEVERITY_WARN },
  { "DZIENNIK", RCA_SEVERITY_INFO },
  { "KATASTROFALNY", RCA_SEVERITY_FATAL },
  /* Russian */
  { "СООБЩЕНИЕ", RCA_SEVERITY_INFO },
  { "ОШИБКА", RCA_SEVERITY_ERROR },
  { "ВАЖНО", RCA_SEVERITY_FATAL },
  { "ПАНИКА", RCA_SEVERITY_FATAL },
  { "ПРЕДУПРЕЖДЕНИЕ", RCA_SEVERITY_WARN },
  { "ЗАМЕЧАНИЕ", RCA_SEVERITY_INFO },
  { "ИНФОРМАЦИЯ", RCA_SEVERITY_INFO },
  /* Chinese, Korean */
  { "日志", RCA_SEVERITY_INFO },
  { "错误", RCA_SEVERITY_ERROR },
  { "致命错误", RCA_SEVERITY_FATAL },
  { "警告", RCA_SEVERITY_WARN },
  { "注意", RCA_SEVERITY_INFO },
  { "로그", RCA_SEVERITY_INFO },
  { "오류", RCA_SEVERITY_ERROR },
  { "치명적오류", RCA_SEVERITY_FATAL },
  { "경고", RCA_SEVERITY_WARN },
};

static const struct {
  const char *word;
  RcaPostgresSection section;
} sections[] = {
  { "DETAIL", RCA_POSTGRES_DETAIL },
  { "HINT", RCA_POSTGRES_HINT },
  { "QUERY", RCA_POSTGRES_QUERY },
  { "CONTEXT", RCA_POSTGRES_CONTEXT },
  { "LOCATION", RCA_POSTGRES_LOCATION },
  { "STATEMENT", RCA_POSTGRES_STATEMENT },
  { "BACKTRACE", RCA_POSTGRES_LOCATION },
  { "TIPP", RCA_POSTGRES_HINT },
  { "ANFRAGE", RCA_POSTGRES_QUERY },
  { "ZUSAMMENHANG", RCA_POSTGRES_CONTEXT },
  { "ANWEISUNG", RCA_POSTGRES_STATEMENT },
  { "ORT", RCA_POSTGRES_LOCATION },
  { "DÉTAIL", RCA_POSTGRES_DETAIL },
  { "ASTUCE", RCA_POSTGRES_HINT },
  { "REQUÊTE", RCA_POSTGRES_QUERY },
  { "CONTEXTE", RCA_POSTGRES_CONTEXT },
  { "INSTRUCTION", RCA_POSTGRES_STATEMENT },
  { "EMPLACEMENT", RCA_POSTGRES_LOCATION },
  { "DETALLE", RCA_POSTGRES_DETAIL },
  { "SUGERENCIA", RCA_POSTGRES_HINT },
  { "CONSULTA", RCA_POSTGRES_QUERY },
  { "CONTEXTO", RCA_POSTGRES_CONTEXT },
  { "SENTENCIA", RCA_POSTGRES_STATEMENT },
  { "DETTAGLI", RCA_POSTGRES_DETAIL },
  { "SUGGERIMENTO", RCA_POSTGRES_HINT },
  { "CONTESTO", RCA_POSTGRES_CONTEXT },
  { "ISTRUZIONE", RCA_POSTGRES_STATEMENT },
  { "DETALHE", RCA_POSTGRES_DETAIL },
  { "DICA", RCA_POSTGRES_HINT },
  { "COMANDO", RCA_POSTGRES_STATEMENT },
  { "DETALJ", RCA_POSTGRES_DETAIL },
  { "TIPS", RCA_POSTGRES_HINT },
  { "SATS", RCA_POSTGRES_STATEMENT },
  { "KONTEXT", RCA_POSTGRES_CONTEXT },
  { "SZCZEGÓŁY", RCA_POSTGRES_DETAIL },
  { "PODPOWIEDŹ", RCA_POSTGRES_HINT },
  { "KONTEKST", RCA_POSTGRES_CONTEXT },
  { "WYRAŻENIE", RCA_POSTGRES_STATEMENT },
  { "ПОДРОБНОСТИ", RCA_POSTGRES_DETAIL },
  { "ПОДСКАЗКА", RCA_POSTGRES_HINT },
  { "ЗАПРОС", RCA_POSTGRES_QUERY },
  { "КОНТЕКСТ", RCA_POSTGRES_CONTEXT },
  { "ОПЕРАТОР", RCA_POSTGRES_STATEMENT },
  { "详细信息", RCA_POSTGRES_DETAIL },
  { "提示", RCA_POSTGRES_HINT },
  { "查询", RCA_POSTGRES_QUERY },
  { "上下文", RCA_POSTGRES_CONTEXT },
  { "语句", RCA_POSTGRES_STATEMENT },
  { "상세정보", RCA_POSTGRES_DETAIL },
  { "힌트", RCA_POSTGRES_HINT },
  { "명령 구문", RCA_POSTGRES_STATEMENT },
};

static const char *const duration_words[]
    = { "duration: ",          "Dauer: ",    "durée : ", "durée\xc2\xa0: ", "duración: ", "durata: ", "duração: ", "varaktighet: ",
        "продолжительность: ", "执行时间: ", "期間: ",   "실행시간: " };
static const char *const units[] = { " ms", " мс", " ミリ秒" };
static const char *const statement_words[]
    = { "statement: ", "Anweisung: ", "instruction : ", "instruction\xc2\xa0: ", "sentencia: ", "istruzione: ", "comando: ", "sats: ", "оператор: ",
        "语句: ",      "文: ",        "명령 구문: " };

RcaSeverity
rca_postgres_severity (RcaBytes word)
{
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (rca_bytes_is (word, levels[i].word))
      return levels[i].severity;
  return RCA_SEVERITY_NONE;
}

gboolean
rca_postgres_section (RcaBytes word, RcaPostgresSection *section)
{
  for (guint i = 0; i < G_N_ELEMENTS (sections); i++)
    if (rca_bytes_is (word, sections[i].word))
    {
      *section = sections[i].section;
      return TRUE;
    }
  return FALSE;
}

static gsize
one_of (RcaBytes text, const char *const *words, guint n)
{
  for (guint i = 0; i < n; i++)
    if (rca_bytes_starts (text, words[i]))
      return strlen (words[i]);
  return 0;
}

gboolean
rca_postgres_duration (RcaBytes message, gint64 *ns, RcaBytes *rest)
{
  RcaBytes text = rca_bytes_from (message, one_of (message, duration_words, G_N_ELEMENTS (duration_words)));
  gsize n = 0;
  if (text.p == message.p)
    return FALSE;
  while (n < text.n && (g_ascii_isdigit (text.p[n]) || text.p[n] == '.'))
    n++;
  gsize unit = one_of (rca_bytes_from (text, n), units, G_N_ELEMENTS (units));
  if (n == 0 || unit == 0 || !rca_parse_duration (rca_bytes (text.p, n), RCA_NS_PER_MS, ns))
    return FALSE;
  text = rca_bytes_from (text, n + unit);
  while (text.n && (text.p[0] == ' ' || text.p[0] == ',')) /* some translations put a comma */
    text = rca_bytes_from (text, 1);
  *rest = text;
  return TRUE;
}

gsize
rca_postgres_statement_word (RcaBytes text)
{
  return one_of (text, statement_words, G_N_ELEMENTS (statement_words));
}
