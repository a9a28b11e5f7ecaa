import java.sql.*;
import java.util.*;

/** What a tool like DBeaver asks through the JDBC driver, printed. Arguments: URL, user; the password in PGPASSWORD. */
public class Look {
    public static void main(String[] given) throws Exception {
        Properties properties = new Properties();
        properties.setProperty("user", given[1]);
        properties.setProperty("password", System.getenv("PGPASSWORD"));
        properties.setProperty("sslmode", "disable");
        try (Connection connection = DriverManager.getConnection(given[0], properties)) {
            definitions(connection.getMetaData());
            prepared(connection);
            cursor(connection);
            batch(connection);
        }
    }

    static void definitions(DatabaseMetaData told) throws SQLException {
        show("schemas", told.getSchemas());
        show("tables", told.getTables(null, "shop", "%", null));
        show("columns", told.getColumns(null, "shop", "items", "%"));
        show("primary keys", told.getPrimaryKeys(null, "shop", "items"));
        show("imported keys", told.getImportedKeys(null, "shop", "orders"));
        show("indexes", told.getIndexInfo(null, "shop", "orders", false, false));
        show("types", told.getTypeInfo());
        show("functions", told.getFunctions(null, "shop", "%"));
        show("privileges", told.getTablePrivileges(null, "shop", "items"));
    }

    static void prepared(Connection connection) throws SQLException {
        String text = "SELECT id, name, price, tags, mood, made FROM shop.items WHERE id < ? ORDER BY id";
        try (PreparedStatement statement = connection.prepareStatement(text)) {
            for (int n = 0; n < 8; n++) { // from the fifth on the driver names it on the server, and asks for binary
                statement.setInt(1, 4);
                show("prepared", statement.executeQuery());
            }
        }
        try (Statement statement = connection.createStatement()) {
            show("people", statement.executeQuery("SELECT id, name, mrn FROM shop.people ORDER BY id LIMIT 3"));
        }
    }

    static void cursor(Connection connection) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.setFetchSize(7);
            show("cursor", statement.executeQuery("SELECT id, note FROM shop.orders ORDER BY id"));
        }
        connection.commit();
    }

    static void batch(Connection connection) throws SQLException {
        String text = "UPDATE shop.orders SET note = ? WHERE id = ?";
        try (PreparedStatement statement = connection.prepareStatement(text)) {
            for (int n = 1; n <= 3; n++) {
                statement.setString(1, "batch " + n);
                statement.setInt(2, n);
                statement.addBatch();
            }
            System.out.println(Arrays.toString(statement.executeBatch()));
        }
        connection.rollback();
    }

    static void show(String what, ResultSet rows) throws SQLException {
        System.out.println("== " + what);
        int width = rows.getMetaData().getColumnCount();
        while (rows.next()) {
            StringJoiner line = new StringJoiner("|");
            for (int at = 1; at <= width; at++) line.add(rows.getString(at));
            System.out.println(line);
        }
        rows.close();
    }
}
